#include "batch/forms/form.hpp"

#include "batch/python.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

using json::Member;
using json::Value;

bool is_end_of_pair(std::string_view name)
{
    return name.ends_with("_start") || name.ends_with("_end");
}

// Numeric text becomes a number, blank text null; everything else stays.
Value overlay_value(const Value& value, json::Arena& arena)
{
    if (!value.is_string())
        return value;
    const auto text = python::strip(value.text());
    if (text.empty())
        return {};
    if (const auto number = python::to_float(text))
        return Value::real(*number, arena);
    return Value::string(text, value.plain());
}

struct Pair {
    std::string_view base;
    bool plain;
    Value start, end;
};

// frame_speed_start and frame_speed_end make overlay["frame_speed"] = {start, end}.
std::vector<Pair> pairs_of(EventFields& event, json::Arena& arena)
{
    std::vector<Pair> pairs;
    for (const auto& [name_value, value] : event.members()) {
        const auto name = name_value.text();
        if (!is_end_of_pair(name))
            continue;
        const auto base = name.substr(0, name.rfind('_'));
        if (!base.starts_with("frame_") && !base.starts_with("unix_timestamp"))
            continue;
        auto found = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& pair) { return pair.base == base; });
        if (found == pairs.end())
            found = pairs.insert(pairs.end(), {base, name_value.plain(), {}, {}});
        (name.ends_with("_start") ? found->start : found->end) = overlay_value(value, arena);
    }
    std::erase_if(pairs, [](const Pair& pair) { return pair.start.is_null() && pair.end.is_null(); });
    return pairs;
}

Value pair_value(const Pair& pair, json::Arena& arena)
{
    auto* members = arena.allocate<Member>(2);
    members[0] = {Value::string("start", true), pair.start};
    members[1] = {Value::string("end", true), pair.end};
    return Value::object({members, 2});
}

// The overlay that was there, with the pairs over it.
Value merged_overlay(const Value* existing, const std::vector<Pair>& pairs, json::Arena& arena)
{
    const auto before = existing == nullptr ? std::span<const Member>{} : existing->members();
    auto* merged = arena.allocate<Member>(before.size() + pairs.size());
    std::copy(before.begin(), before.end(), merged);
    std::size_t count = before.size();
    for (const auto& pair : pairs) {
        auto* const end = merged + count;
        auto* place = std::find_if(merged, end, [&](const Member& member) { return member.name.text() == pair.base; });
        if (place == end)
            ++count;
        *place = {Value::string(pair.base, pair.plain), pair_value(pair, arena)};
    }
    return Value::object({merged, count});
}

} // namespace

void finish_event(EventFields& event, json::Arena& arena)
{
    if (!event.has("approval"))
        event.set("approval", Value::string("pending", true));
    if (auto* confidence = event.find("confidence"))
        *confidence = Value::real(python::to_float(*confidence).value_or(0.0), arena);

    const auto pairs = pairs_of(event, arena);
    const auto overlay = merged_overlay(event.find("overlay"), pairs, arena);
    if (!overlay.members().empty())
        event.set("overlay", overlay);
    event.remove_if([](const Member& member) {
        const auto name = member.name.text();
        return (name.starts_with("frame_") && is_end_of_pair(name)) || name == "unix_timestamp_start" ||
               name == "unix_timestamp_end";
    });
}

} // namespace nomadic::batch
