#include "batch/filter.hpp"

#include "batch/event_view.hpp"
#include "batch/json/read.hpp"
#include "batch/python.hpp"
#include "batch/record.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

using json::Value;

std::string text_of(const Value& value)
{
    return value.is_null() ? std::string{} : python::str(value);
}

bool allows(const std::vector<std::string>& values, std::string_view value)
{
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

bool contains(const std::string& text, std::string_view lowered)
{
    return python::lower(text).find(lowered) != std::string::npos;
}

void append_part(std::string_view part, std::string& out)
{
    out += std::to_string(part.size());
    out += ':';
    out += part;
}

} // namespace

EventFacts event_facts(std::string_view event_json)
{
    json::Arena arena;
    const auto event = json::read(event_json, arena);
    if (!event)
        return {};
    const EventView view(*event);
    EventFacts facts;
    facts.approval = approval_of(view.own("approval"));
    facts.event_id = text_of(view.event_id());
    facts.category = text_of(view.category());
    facts.severity = text_of(view.own("severity"));
    facts.label = text_of(view.own("label").is_null() ? view.label() : view.own("label"));
    facts.ai_analysis = text_of(view.ai_analysis());
    facts.start = text_of(view.start());
    facts.end = text_of(view.end());
    if (const auto* confidence = event->find("confidence"))
        facts.confidence = python::to_float(*confidence);
    return facts;
}

bool Narrowing::empty() const
{
    return category.empty() && severity.empty() && label.empty() && video_id.empty() && !min_confidence && q.empty();
}

bool Narrowing::matches(const EventFacts& event) const
{
    if (!allows(category, event.category) || !allows(severity, event.severity) || !allows(label, event.label))
        return false;
    if (min_confidence && (!event.confidence || *event.confidence < *min_confidence))
        return false;
    const auto wanted = python::lower(q);
    return wanted.empty() || contains(event.label, wanted) || contains(event.category, wanted) ||
           contains(event.ai_analysis, wanted);
}

std::string Selection::canonical() const
{
    std::string text;
    append_part(approvals ? approvals->to_string() : "all", text);
    for (auto values : {narrowing.category, narrowing.severity, narrowing.label, narrowing.video_id}) {
        std::sort(values.begin(), values.end());
        text += std::to_string(values.size()) + "[";
        for (const auto& value : values)
            append_part(value, text);
    }
    append_part(narrowing.min_confidence ? std::to_string(*narrowing.min_confidence) : "", text);
    append_part(python::lower(narrowing.q), text);
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
