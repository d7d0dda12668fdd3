#include "batch/record.hpp"

#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"

namespace nomadic::batch {

namespace {

using json::Value;

// Writes the members of a result one by one, into the record's head until its events begin, then into its tail.
class ResultWriter {
public:
    explicit ResultWriter(VideoRecord& record) : record_(record), out_(&record.head) { *out_ += '{'; }

    std::string& member(std::string_view name)
    {
        if (!out_->ends_with('{') || out_ != &record_.head)
            *out_ += ',';
        json::write_string(name, *out_);
        *out_ += ':';
        return *out_;
    }
    void text(std::string_view name, std::string_view value) { json::write_string(value, member(name)); }
    void value(std::string_view name, const Value& value) { json::write(value, member(name)); }
    void events()
    {
        member("events") += '[';
        out_ = &record_.tail;
        *out_ += ']';
    }
    void end() { *out_ += '}'; }

private:
    VideoRecord& record_;
    std::string* out_;
};

struct EventSink {
    VideoRecord& record;
    json::Arena& arena;

    static void take(void* self, EventFields& event)
    {
        auto& sink = *static_cast<EventSink*>(self);
        finish_event(event, sink.arena);
        const auto* approval = event.find("approval");
        auto& events = sink.record.events;
        const auto offset = events.size();
        json::write(Value::object(event.members()), events);
        sink.record.spans.push_back({static_cast<std::uint32_t>(offset),
                                     static_cast<std::uint32_t>(events.size() - offset),
                                     approval_of(approval == nullptr ? Value{} : *approval)});
    }
};

// Where events live: the first array that is not empty.
Value events_of(const Value& analysis, const StatusDocument& status, ClientRules rules)
{
    const auto visual = analysis.get("visual_analysis").get("events");
    const bool agent_arrays =
        status.type == BatchType::agent && !(status.action_segmentation && rules == ClientRules::sdk_0_1_64);
    const auto filled = [](const Value& value) { return !value.items().empty(); };
    if (const auto own = analysis.get("events"); filled(own))
        return own;
    if (agent_arrays) {
        for (const char* name : {"detected_events", "detectedEvents", "edge_case_events", "edgeCaseEvents"})
            if (const auto events = analysis.get(name); filled(events))
                return events;
        if (const auto events = analysis.get("result").get("events"); filled(events))
            return events;
    }
    return visual;
}

std::string status_of(const Value& analysis, const VideoPointer& pointer, bool any_status)
{
    const auto own = analysis.get("status");
    auto status = own.is_string() && !own.text().empty() ? python::lower(own.text()) : pointer.status;
    if (status.empty() || (!any_status && status != "completed" && status != "failed"))
        status = "completed";
    return status;
}

std::string summary_of(const Value& analysis)
{
    auto answer = analysis.get("answer");
    if (!python::truth(answer))
        answer = analysis.get("summary");
    if (answer.is_string())
        return std::string(answer.text());
    std::string summary;
    for (const auto& item : answer.items()) {
        if (&item != answer.items().data())
            summary += '\n';
        python::str(item, summary);
    }
    return summary;
}

void write_placeholder(ResultWriter& out, const StatusDocument& status, const VideoPointer& pointer)
{
    out.member("analysis_id") += pointer.analysis_id_json;
    out.text("mode", to_string(status.type));
    out.text("status", pointer.status.empty() ? "failed" : pointer.status);
    out.events();
    if (pointer.last_error_json.empty())
        out.text("error", "Analysis not found");
    else
        out.member("error") += pointer.last_error_json;
}

void write_result(ResultWriter& out, const StatusDocument& status, const VideoPointer& pointer, const Value& item,
                  bool action_segmentation)
{
    const auto analysis = item.get("analysis");
    out.value("analysis_id", item.get("analysis_id"));
    out.text("mode", to_string(status.type));
    out.text("status", status_of(analysis, pointer, action_segmentation));
    out.events();
    if (const auto uri = item.get("import_source_uri"); python::truth(uri))
        out.value("import_source_uri", uri);
    if (const auto name = item.get("filename"); python::truth(name))
        out.value("video_name", name);
    if (status.type == BatchType::ask)
        out.text("summary", summary_of(analysis));
}

} // namespace

Approval approval_of(const Value& approval)
{
    if (!python::truth(approval))
        return Approval::pending;
    return approval.is_string() ? approval_from(approval.text()).value_or(Approval::other) : Approval::other;
}

VideoRecord make_record(const StatusDocument& status, const VideoPointer& pointer, const Value& item,
                        std::string_view source, ClientRules rules, json::Arena& arena)
{
    VideoRecord record;
    record.video_id = pointer.video_id;
    record.source = source;
    const auto analysis = item.get("analysis");
    const bool action_segmentation = status.action_segmentation && rules == ClientRules::sdk_0_1_64;

    ResultWriter out(record);
    out.text("video_id", pointer.video_id);
    if (!analysis.is_object() || analysis.members().empty())
        write_placeholder(out, status, pointer);
    else {
        write_result(out, status, pointer, item, action_segmentation);
        EventSink sink{record, arena};
        for (const auto& event : events_of(analysis, status, rules).items())
            if (event.is_object())
                convert_event(event, {action_segmentation, arena}, {&sink, EventSink::take});
    }
    out.end();
    return record;
}

VideoRecord keep_result(std::string_view video_id, const Value& result, json::Arena& arena)
{
    VideoRecord record;
    record.video_id = video_id;
    ResultWriter out(record);
    // `events` stands last of those before it whatever its place was, so that a record always has one.
    const auto& members = result.members();
    for (const auto& [name, value] : members)
        if (name.text() != "events")
            out.value(name.text(), value);
    out.events();
    out.end();
    EventSink sink{record, arena};
    for (const auto& event : result.get("events").items())
        if (event.is_object())
            keep_form(event, {false, arena}, {&sink, EventSink::take});
    return record;
}

std::string analysis_id_of(const Value& result)
{
    const auto id = result.get("analysis_id");
    return python::truth(id) ? python::str(id) : std::string{};
}

} // namespace nomadic::batch
