#include "base/units.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace nomadic {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first, so that formatting finds the largest that divides.
constexpr std::array<Unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 5> size_units{
    {{"TiB", std::uint64_t{1} << 40}, {"GiB", 1U << 30}, {"MiB", 1U << 20}, {"KiB", 1U << 10}, {"B", 1}}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    auto name = text.substr(static_cast<std::size_t>(end - text.data()));
    while (name.starts_with(' '))
        name.remove_prefix(1);
    for (const auto& unit : units)
        if (unit.name == name && number <= std::numeric_limits<std::int64_t>::max() / unit.factor)
            return number * unit.factor;
    return std::nullopt;
}

template <std::size_t N>
const Unit& largest_exact(std::uint64_t value, const std::array<Unit, N>& units)
{
    for (const auto& unit : units)
        if (value != 0 && value % unit.factor == 0)
            return unit;
    return units.back();
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    const auto count = parse(text, duration_units);
    if (!count)
        return std::nullopt;
    return std::chrono::milliseconds(*count);
}

std::string format_duration(std::chrono::milliseconds duration)
{
    const auto count = static_cast<std::uint64_t>(duration.count());
    const auto& unit = count == 0 ? duration_units[3] : largest_exact(count, duration_units);
    return std::to_string(count / unit.factor) + std::string(unit.name);
}

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    if (!text.empty() && text.back() >= '0' && text.back() <= '9')
        return parse(std::string(text) + "B", size_units);
    return parse(text, size_units);
}

std::string format_size(std::uint64_t bytes)
{
    const auto& unit = largest_exact(bytes, size_units);
    return std::to_string(bytes / unit.factor) + " " + std::string(unit.name);
}

} // namespace nomadic
