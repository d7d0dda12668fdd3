#include "batch/event_view.hpp"

#include "batch/python.hpp"

#include <initializer_list>

namespace nomadic::batch {

namespace {

using json::Value;

struct Member {
    const Value& object;
    std::string_view name;
};

Value first_true(std::initializer_list<Member> members)
{
    for (const auto& [object, name] : members)
        if (const auto value = object.get(name); python::truth(value))
            return value;
    return {};
}

// Neither null nor "": 0 and false count.
Value first_non_empty(std::initializer_list<Member> members)
{
    for (const auto& [object, name] : members)
        if (const auto value = object.get(name); !value.is_null() && !(value.is_string() && value.text().empty()))
            return value;
    return {};
}

} // namespace

Value EventView::find_category() const
{
    return first_true({{event_, "category"}, {event_, "type"}});
}

Value EventView::find_label() const
{
    const auto label = first_true({{event_, "description"}, {data_, "label"}, {event_, "label"}});
    return python::equal(label, category()) ? Value{} : label;
}

Value EventView::find_ai_analysis() const
{
    return first_true({{event_, "aiAnalysis"}, {data_, "aiAnalysis"}});
}

Value EventView::find_start() const
{
    return first_non_empty(
        {{event_, "t_start"}, {event_, "time"}, {event_, "start_time"}, {data_, "t_start"}, {data_, "start_time"}});
}

Value EventView::find_end() const
{
    return first_non_empty({{event_, "t_end"}, {event_, "end_time"}, {data_, "t_end"}, {data_, "end_time"}});
}

Value EventView::unix_time(std::string_view end, std::string_view own) const
{
    return first_non_empty({{event_.get("overlay").get("unix_timestamp"), end}, {event_, own}, {data_, own}});
}

Value EventView::find_event_id() const
{
    return first_true({{event_, "event_id"}, {data_, "event_id"}});
}

Value EventView::any_label() const
{
    const auto own_label = own("label");
    return own_label.is_null() ? label() : own_label;
}

std::optional<double> EventView::confidence() const
{
    return python::to_float(own("confidence"));
}

} // namespace nomadic::batch
