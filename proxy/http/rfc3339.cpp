#include "proxy/http/rfc3339.hpp"

#include <array>
#include <charconv>

namespace nomadic::proxy {

namespace {

namespace chrono = std::chrono;

// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits)
{
    int number = 0;
    if (text.size() < digits)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
    if (error != std::errc{} || end != text.data() + digits || text[0] == '-')
        return std::nullopt;
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, std::string_view any_of)
{
    if (text.empty() || any_of.find(text[0]) == std::string_view::npos)
        return false;
    text.remove_prefix(1);
    return true;
}

chrono::milliseconds take_fraction(std::string_view& text)
{
    int thousandths = 0;
    int weight = 100;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), weight /= 10)
        thousandths += (text[0] - '0') * weight;
    return chrono::milliseconds(thousandths);
}

std::optional<chrono::minutes> take_offset(std::string_view& text)
{
    if (take(text, "Zz"))
        return chrono::minutes{0};
    const bool west = text.starts_with('-');
    if (!take(text, "+- ")) // a '+' that was not percent-encoded arrives as a space
        return std::nullopt;
    const auto hours = take_number(text, 2);
    if (!hours || !take(text, ":"))
        return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59)
        return std::nullopt;
    const auto offset = chrono::hours(*hours) + chrono::minutes(*minutes);
    return west ? -offset : offset;
}

} // namespace

std::string format_rfc3339(TimePoint time)
{
    const auto millis = chrono::floor<chrono::milliseconds>(time);
    const auto days = chrono::floor<chrono::days>(millis);
    const chrono::year_month_day date(days);
    const chrono::hh_mm_ss clock(millis - days);
    std::array<char, 40> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<long>(clock.hours().count()), static_cast<long>(clock.minutes().count()),
        static_cast<long>(clock.seconds().count()), static_cast<long>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<TimePoint> parse_rfc3339(std::string_view text)
{
    const auto year = take_number(text, 4);
    const auto month = year && take(text, "-") ? take_number(text, 2) : std::nullopt;
    const auto day = month && take(text, "-") ? take_number(text, 2) : std::nullopt;
    const auto hour = day && take(text, "Tt ") ? take_number(text, 2) : std::nullopt;
    const auto minute = hour && take(text, ":") ? take_number(text, 2) : std::nullopt;
    const auto second = minute && take(text, ":") ? take_number(text, 2) : std::nullopt;
    // Beyond these years a TimePoint, which counts nanoseconds, overflows.
    constexpr int first_year = 1970, last_year = 2261;
    if (!second || *year < first_year || *year > last_year || *hour > 23 || *minute > 59 || *second > 60)
        return std::nullopt;
    const auto fraction = take(text, ".") ? take_fraction(text) : chrono::milliseconds{0};
    const auto offset = take_offset(text);
    const chrono::year_month_day date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                      chrono::day(static_cast<unsigned>(*day))};
    if (!offset || !text.empty() || !date.ok())
        return std::nullopt;
    return chrono::sys_days(date) + chrono::hours(*hour) + chrono::minutes(*minute) + chrono::seconds(*second) +
           fraction - *offset;
}

} // namespace nomadic::proxy
