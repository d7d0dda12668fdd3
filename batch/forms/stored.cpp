#include "batch/forms/form.hpp"

#include "batch/json/scan.hpp"
#include "batch/python.hpp"
#include "batch/timestamp.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

using json::Value;

Value text_value(std::string_view text, json::Arena& arena)
{
    bool ignored = false;
    const auto kept = arena.keep(text);
    const auto* const end = kept.data() + kept.size();
    return Value::string(kept, json::find_special(kept.data(), end, ignored) == end);
}

Value as_text(const Value& value, json::Arena& arena)
{
    return value.is_string() ? value : text_value(python::str(value), arena);
}

// Reads one event in its own fields and in its `data`.
class StoredEvent {
public:
    StoredEvent(const Value& event, json::Arena& arena) : event_(event), arena_(arena)
    {
        if (const auto data = event.get("data"); data.is_object())
            data_ = data;
    }

    // Own by presence, else data's by presence, else the default: an explicit null wins.
    Value present(std::string_view own, std::string_view datas, std::string_view otherwise) const
    {
        if (const auto* value = event_.find(own))
            return *value;
        if (const auto* value = data_.find(datas))
            return *value;
        return Value::string(otherwise, true);
    }
    // The first that is true to Python, else the last.
    Value data_or_own(std::string_view name) const
    {
        const auto datas = data_.get(name);
        return python::truth(datas) ? datas : event_.get(name);
    }
    Value own(std::string_view name) const { return event_.get(name); }
    Value datas(std::string_view name) const { return data_.get(name); }
    const Value& data() const { return data_; }

    Value timestamp(std::string_view name, Fraction fraction) const
    {
        const auto time = event_.get(name);
        const auto text = time.is_string() ? time.text() : std::string_view{};
        return Value::string(arena_.keep(video_timestamp(text, fraction)), true);
    }

    Value confidence() const
    {
        const auto confidence = python::to_real(data_.get("confidence"), arena_);
        return confidence.is_null() ? Value::real("0.85") : confidence;
    }

private:
    const Value& event_;
    Value data_; // null unless an object
    json::Arena& arena_;
};

bool is_nothing(const Value& value)
{
    return value.is_null() || (value.is_string() && (value.text().empty() || value.text() == "null"));
}

void add_identity(const StoredEvent& event, EventFields& fields, json::Arena& arena)
{
    for (const auto& id : {event.own("event_id"), event.own("id"), event.datas("event_id")})
        if (python::truth(id))
            return fields.set("event_id", as_text(id, arena));
}

void add_structured_output(const StoredEvent& event, EventFields& fields)
{
    for (const char* name :
         {"structured_output", "structured_output_label", "structured_output_version", "structured_output_errors"}) {
        const auto own = event.own(name);
        const auto value = own.is_null() ? event.datas(name) : own;
        if (!value.is_null())
            fields.set(name, value);
    }
}

void add_frame_fields(const StoredEvent& event, EventFields& fields, json::Arena& arena)
{
    for (const char* name : {"frame_timestamp_start", "frame_timestamp_end"}) {
        const auto value = event.data_or_own(name);
        if (!value.is_null())
            fields.set(name, is_nothing(value) ? Value{} : as_text(value, arena));
    }
    for (const char* name : {"unix_timestamp_start", "unix_timestamp_end"}) {
        const auto value = event.data_or_own(name);
        if (!value.is_null())
            fields.set(name, value);
    }
    const auto before = static_cast<std::ptrdiff_t>(fields.members().size()); // no name is twice in `data`
    const auto is_there = [&](std::string_view name) {
        return std::any_of(fields.members().begin(), fields.members().begin() + before,
                           [name](const json::Member& member) { return member.name.text() == name; });
    };
    for (const auto& [name_value, value] : event.data().members()) {
        const auto name = name_value.text();
        if (!name.starts_with("frame_") || !(name.ends_with("_start") || name.ends_with("_end")) || is_there(name))
            continue;
        const bool coordinate =
            name.find("gps_lat") != std::string_view::npos || name.find("gps_lon") != std::string_view::npos;
        const auto number = coordinate && !is_nothing(value) ? python::to_real(value, arena) : Value{};
        fields.members().push_back({name_value, coordinate ? number : value});
    }
}

} // namespace

bool is_stored_form(const Value& event)
{
    return event.find("type") != nullptr && event.find("time") != nullptr;
}

void convert_stored_form(const Value& value, const FormContext& context, const Emitter& emit)
{
    auto& arena = context.arena;
    const StoredEvent event(value, arena);
    const auto fraction = context.action_segmentation ? Fraction::kept : Fraction::truncated;

    EventFields fields;
    fields.members().reserve(24);
    fields.add("t_start", event.timestamp("time", fraction));
    fields.add("t_end", event.timestamp("end_time", fraction));
    fields.add("category", event.present("type", "category", "Unknown"));
    fields.add("label", event.present("description", "label", ""));
    fields.add("severity", as_text(event.present("severity", "severity", "medium"), arena));
    fields.add("aiAnalysis", event.present("aiAnalysis", "aiAnalysis", ""));
    fields.add("confidence", event.confidence());
    fields.add("approval", event.present("approval", "approval", "pending"));
    add_identity(event, fields, arena);
    add_structured_output(event, fields);
    if (const auto thumbnail = event.datas("annotated_thumbnail_url"); python::truth(thumbnail))
        fields.set("annotated_thumbnail_url", thumbnail);
    else if (const auto own = event.own("annotated_thumbnail_url"); python::truth(own))
        fields.set("annotated_thumbnail_url", own);
    add_frame_fields(event, fields, arena);
    if (context.action_segmentation)
        for (const char* name : {"parent_category", "event_ai_reasoning"}) {
            const auto* own = value.find(name);
            const auto kept = own == nullptr ? event.datas(name) : *own;
            if (!kept.is_null())
                fields.set(name, kept);
        }
    emit(fields);
}

} // namespace nomadic::batch
