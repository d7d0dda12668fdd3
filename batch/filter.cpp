#include "batch/filter.hpp"

#include "batch/event_view.hpp"
#include "batch/fold_case.hpp"
#include "batch/json/read.hpp"
#include "batch/python.hpp"
#include "batch/record.hpp"
#include "batch/search.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace nomadic::batch {

namespace {

using json::Value;

void assign(const Value& value, std::string& text)
{
    text.clear();
    if (!value.is_null())
        python::str(value, text);
}

bool allows(const std::vector<std::string>& values, std::string_view value)
{
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

// Exactly the number: two that differ in the last digit are two selections.
std::string number_text(double number)
{
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end};
}

void append_part(std::string_view part, std::string& out)
{
    out += std::to_string(part.size());
    out += ':';
    out += part;
}

// Whatever their order, and however often each is named.
void append_set(std::vector<std::string> values, std::string& out)
{
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    out += std::to_string(values.size()) + "[";
    for (const auto& value : values)
        append_part(value, out);
}

} // namespace

EventFacts event_facts(std::string_view event_json)
{
    return EventFactsReader().read(event_json);
}

const EventFacts& EventFactsReader::read(std::string_view event_json)
{
    arena_.reset();
    const auto event = json::read(event_json, arena_);
    if (!event)
        return facts_ = {};
    const EventView view(*event);
    facts_.approval = approval_of(view.own("approval"));
    assign(view.event_id(), facts_.event_id);
    assign(view.category(), facts_.category);
    assign(view.own("severity"), facts_.severity);
    assign(view.any_label(), facts_.label);
    assign(view.ai_analysis(), facts_.ai_analysis);
    assign(view.start(), facts_.start);
    assign(view.end(), facts_.end);
    facts_.confidence = view.confidence();
    return facts_;
}

bool Narrowing::empty() const
{
    return category.empty() && severity.empty() && label.empty() && video_id.empty() && !min_confidence && q.empty();
}

bool Narrowing::matches(const EventFacts& event) const
{
    return matches_values(event.values()) && mentions(event);
}

bool Narrowing::matches_values(const EventValues& event) const
{
    return allows(category, event.category) && allows(severity, event.severity) && allows(label, event.label) &&
           (!min_confidence || (event.confidence && *event.confidence >= *min_confidence));
}

bool Narrowing::mentions(const EventFacts& event) const
{
    if (q.empty())
        return true;
    Search search(q);
    return search.finds_in(event.label) || search.finds_in(event.category) || search.finds_in(event.ai_analysis);
}

bool Narrowing::allows_video(std::string_view id) const
{
    return allows(video_id, id);
}

Selection Selection::applied() const
{
    if (everything())
        return {};
    Selection rest;
    rest.approvals.emplace().set();
    return rest;
}

std::string Selection::canonical() const
{
    std::string text;
    append_part(approvals ? approvals->to_string() : "all", text);
    for (const auto* values : {&narrowing.category, &narrowing.severity, &narrowing.label, &narrowing.video_id})
        append_set(*values, text);
    append_part(narrowing.min_confidence ? number_text(*narrowing.min_confidence) : "", text);
    append_set(fold_case(narrowing.q), text);
    return text;
}

Result<std::bitset<approval_count>> parse_approvals(const std::vector<std::string>& values)
{
    std::bitset<approval_count> approvals;
    for (const auto& value : values) {
        std::string_view rest = value;
        for (;;) {
            const auto comma = rest.find(',');
            const auto name = rest.substr(0, comma);
            const auto approval = approval_from(name);
            if (!approval)
                return Failure{
                    .code = Errc::unprocessable,
                    .detail = "'" + std::string(name) +
                              "' is not a filter. Use one or more of approved, rejected, pending, invalid.",
                    .members = {{"value", name}, {"allowed", {"approved", "rejected", "pending", "invalid"}}}};
            approvals.set(static_cast<std::size_t>(*approval));
            if (comma == std::string_view::npos)
                break;
            rest.remove_prefix(comma + 1);
        }
    }
    return approvals;
}

} // namespace nomadic::batch
