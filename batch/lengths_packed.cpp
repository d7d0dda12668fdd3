// The stored form of a record's lengths: a byte that says whose renderers they are of, then numbers of as few bytes as
// they need, low bits first, then four bytes that would not fit if any of this were damaged.

#include "batch/lengths.hpp"

#include "batch/render.hpp"

namespace nomadic::batch {

namespace {

constexpr auto version = static_cast<unsigned char>(renderer_version);
static_assert(version == renderer_version);
constexpr std::size_t check_bytes = 4;
constexpr std::size_t usual_bytes = 128;
constexpr std::uint64_t own_query_bit = 1U << approval_count; // beside a bit for each approval that has events

// FNV-1a.
std::uint32_t check_of(std::string_view bytes)
{
    std::uint32_t hash = 2166136261U;
    for (const char byte : bytes)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
    return hash;
}

class Packer {
public:
    Packer() { out.reserve(usual_bytes); }
    void operator()(std::uint64_t number)
    {
        auto rest = number;
        for (; rest >= 0x80; rest >>= 7U)
            out += static_cast<char>(rest | 0x80U);
        out += static_cast<char>(rest);
    }
    std::string out;
};

class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

    // Once something is wrong, everything is.
    void operator()(std::uint64_t& number)
    {
        constexpr unsigned bits = 64;
        number = 0;
        for (unsigned shift = 0; shift < bits && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            number |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80)
                return;
        }
        whole_ = false;
    }
    bool done() const { return whole_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool whole_ = true;
};

std::uint64_t flags_of(const RecordLengths& lengths)
{
    std::uint64_t flags = lengths.own_query ? own_query_bit : 0;
    for (std::size_t i = 0; i < approval_count; ++i)
        flags |= lengths.events[i].count != 0 ? std::uint64_t{1} << i : 0;
    return flags;
}

bool of_event(std::size_t column)
{
    return csv::columns()[column].of == csv::Of::event;
}

// The order of the numbers, for both ways.
template <class Lengths, class Each>
void each_number(Lengths& lengths, std::uint64_t flags, Each& each)
{
    each(lengths.around);
    each(lengths.ids);
    for (std::size_t column = 0; column < csv::column_count; ++column)
        if (!of_event(column) && csv::columns()[column].of != csv::Of::batch)
            each(lengths.fields[column]);
    for (std::size_t approval = 0; approval < approval_count; ++approval) {
        if ((flags >> approval & 1U) == 0)
            continue;
        auto& events = lengths.events[approval];
        each(events.count);
        each(events.json);
        for (std::size_t column = 0; column < csv::column_count; ++column)
            if (of_event(column))
                each(events.fields[column]);
    }
}

} // namespace

std::string pack(const RecordLengths& lengths)
{
    const auto flags = flags_of(lengths);
    Packer packer;
    packer.out += static_cast<char>(version);
    packer(flags);
    each_number(lengths, flags, packer);
    const auto check = check_of(packer.out);
    for (std::size_t i = 0; i < check_bytes; ++i)
        packer.out += static_cast<char>(check >> (8 * i));
    return std::move(packer.out);
}

std::optional<RecordLengths> unpack(std::string_view packed)
{
    if (packed.size() <= check_bytes || static_cast<unsigned char>(packed.front()) != version)
        return std::nullopt;
    const auto stored = packed.substr(packed.size() - check_bytes);
    packed.remove_suffix(check_bytes);
    const auto check = check_of(packed);
    for (std::size_t i = 0; i < check_bytes; ++i)
        if (stored[i] != static_cast<char>(check >> (8 * i)))
            return std::nullopt;
    Unpacker unpacker(packed.substr(1));
    std::uint64_t flags = 0;
    unpacker(flags);
    RecordLengths lengths;
    lengths.own_query = (flags & own_query_bit) != 0;
    each_number(lengths, flags, unpacker);
    return unpacker.done() && flags == flags_of(lengths) ? std::optional(lengths) : std::nullopt;
}

bool are_of_other_renderers(std::string_view packed)
{
    return !packed.empty() && static_cast<unsigned char>(packed.front()) != version;
}

} // namespace nomadic::batch
