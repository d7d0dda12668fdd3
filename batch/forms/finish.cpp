#include "batch/forms/form.hpp"

#include "batch/python.hpp"

#include <algorithm>
#include <unordered_map>

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
    const auto text = Value::string(python::strip(value.text()), value.plain());
    if (text.text().empty())
        return {};
    const auto number = python::to_real(text, arena);
    return number.is_null() ? text : number;
}

// Where a name stands in a list that only grows at its end: found by walking while there are few, by hash beyond, so
// that an event with a hundred thousand members costs no square of it.
class Places {
public:
    template <class Item, class NameOf>
    std::size_t find(const Item* list, std::size_t count, std::string_view name, NameOf name_of)
    {
        constexpr std::size_t few = 32;
        if (count <= few) {
            const auto* const found =
                std::find_if(list, list + count, [&](const Item& item) { return name_of(item) == name; });
            return static_cast<std::size_t>(found - list);
        }
        for (; indexed_ < count; ++indexed_)
            places_.emplace(name_of(list[indexed_]), indexed_);
        const auto found = places_.find(name);
        return found == places_.end() ? count : found->second;
    }

private:
    std::size_t indexed_ = 0;
    std::unordered_map<std::string_view, std::size_t> places_;
};

struct Pair {
    std::string_view base;
    bool plain;
    Value start, end;
};

// frame_speed_start and frame_speed_end make overlay["frame_speed"] = {start, end}.
std::vector<Pair> pairs_of(EventFields& event, json::Arena& arena)
{
    std::vector<Pair> pairs;
    Places places;
    for (const auto& [name_value, value] : event.members()) {
        const auto name = name_value.text();
        if (!is_end_of_pair(name))
            continue;
        const auto base = name.substr(0, name.rfind('_'));
        if (!base.starts_with("frame_") && !base.starts_with("unix_timestamp"))
            continue;
        const auto place = places.find(pairs.data(), pairs.size(), base, [](const Pair& pair) { return pair.base; });
        if (place == pairs.size())
            pairs.push_back({base, name_value.plain(), {}, {}});
        (name.ends_with("_start") ? pairs[place].start : pairs[place].end) = overlay_value(value, arena);
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
    Places places; // among those before: no two pairs have one base
    for (const auto& pair : pairs) {
        const auto found = places.find(before.data(), before.size(), pair.base,
                                       [](const Member& member) { return member.name.text(); });
        merged[found == before.size() ? count++ : found] = {Value::string(pair.base, pair.plain),
                                                            pair_value(pair, arena)};
    }
    return Value::object({merged, count});
}

} // namespace

void finish_event(EventFields& event, json::Arena& arena)
{
    if (!event.has("approval"))
        event.set("approval", Value::string("pending", true));
    if (auto* confidence = event.find("confidence")) {
        const auto number = python::to_real(*confidence, arena);
        *confidence = number.is_null() ? Value::real("0.0") : number;
    }

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
