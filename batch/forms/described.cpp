#include "batch/forms/form.hpp"

#include "batch/json/read.hpp"
#include "batch/python.hpp"

#include <optional>

namespace nomadic::batch {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The number behind the first `t=` that has one: t=12, t=12.5.
std::optional<double> number_behind_t(const json::Value& value)
{
    if (!value.is_string())
        return std::nullopt;
    const auto text = value.text();
    for (auto at = text.find("t="); at != std::string_view::npos; at = text.find("t=", at + 2)) {
        auto end = at + 2;
        while (end < text.size() && is_digit(text[end]))
            ++end;
        if (end == at + 2)
            continue;
        if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
            ++end;
            while (end < text.size() && is_digit(text[end]))
                ++end;
        }
        return python::to_float(text.substr(at + 2, end - at - 2));
    }
    return std::nullopt;
}

struct Interval {
    double start, end;
};

// `refined_events`: a JSON text of [[start, end, ...], ...].
std::vector<Interval> refined_intervals(const json::Value& refined, json::Arena& arena)
{
    std::vector<Interval> intervals;
    if (!refined.is_string() || refined.text().empty())
        return intervals;
    const auto document = json::read(refined.text(), arena);
    if (!document)
        return intervals;
    for (const auto& item : document->items()) {
        if (item.items().size() < 2)
            continue;
        const auto start = python::to_float(item.items()[0]);
        const auto end = python::to_float(item.items()[1]);
        if (start && end)
            intervals.push_back({*start, *end});
    }
    return intervals;
}

} // namespace

bool is_any_form(const json::Value&)
{
    return true;
}

void convert_described_form(const json::Value& event, const FormContext& context, const Emitter& emit)
{
    auto intervals = refined_intervals(event.get("refined_events"), context.arena);
    if (intervals.empty()) {
        const auto start = number_behind_t(event.get("time"));
        const auto end = number_behind_t(event.get("end_time"));
        if (!start || !end)
            return;
        intervals.push_back({*start, *end});
    }
    const auto* description = event.find("description");
    const auto label = description == nullptr ? json::Value::string("Unknown", true) : *description;
    for (const auto& interval : intervals) {
        EventFields fields;
        fields.set("label", label);
        fields.set("start_time", json::Value::real(interval.start, context.arena));
        fields.set("end_time", json::Value::real(interval.end, context.arena));
        emit(fields);
    }
}

} // namespace nomadic::batch
