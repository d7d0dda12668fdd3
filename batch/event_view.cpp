#include "batch/event_view.hpp"

#include "batch/python.hpp"

#include <initializer_list>

namespace nomadic::batch {

namespace {

using json::Value;

Value first_true(std::initializer_list<Value> values)
{
    for (const auto& value : values)
        if (python::truth(value))
            return value;
    return {};
}

// Neither null nor "": 0 and false count.
Value first_non_empty(std::initializer_list<Value> values)
{
    for (const auto& value : values)
        if (!value.is_null() && !(value.is_string() && value.text().empty()))
            return value;
    return {};
}

} // namespace

Value EventView::category() const
{
    return first_true({event_.get("category"), event_.get("type")});
}

Value EventView::label() const
{
    const auto label = first_true({event_.get("description"), data_.get("label"), event_.get("label")});
    return python::equal(label, category()) ? Value{} : label;
}

Value EventView::ai_analysis() const
{
    return first_true({event_.get("aiAnalysis"), data_.get("aiAnalysis")});
}

Value EventView::start() const
{
    return first_non_empty({event_.get("t_start"), event_.get("time"), event_.get("start_time"), data_.get("t_start"),
                            data_.get("start_time")});
}

Value EventView::end() const
{
    return first_non_empty({event_.get("t_end"), event_.get("end_time"), data_.get("t_end"), data_.get("end_time")});
}

Value EventView::unix_time(std::string_view end, std::string_view own) const
{
    return first_non_empty({event_.get("overlay").get("unix_timestamp").get(end), event_.get(own), data_.get(own)});
}

Value EventView::event_id() const
{
    return first_true({event_.get("event_id"), data_.get("event_id")});
}

} // namespace nomadic::batch
