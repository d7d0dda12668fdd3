#include "batch/lengths.hpp"

#include "batch/json/read.hpp"
#include "batch/json/write.hpp"

namespace nomadic::batch {

namespace {

std::uint64_t json_length(const json::Value& value, std::string& scratch)
{
    scratch.clear();
    json::write(value, scratch);
    return scratch.size();
}

} // namespace

RecordLengths::Events& RecordLengths::Events::operator+=(const Events& others)
{
    count += others.count;
    json += others.json;
    for (std::size_t i = 0; i < fields.size(); ++i)
        fields[i] += others.fields[i];
    return *this;
}

RecordLengths::Events wanted_of(const RecordLengths& lengths, const Selection& selection)
{
    RecordLengths::Events wanted;
    for (std::size_t i = 0; i < lengths.events.size(); ++i)
        if (lengths.events[i].count != 0 && selection.wants(static_cast<Approval>(i)))
            wanted += lengths.events[i];
    return wanted;
}

template <class Chosen>
void RecordMeter::add_fields(const csv::Row& row, Chosen chosen, RecordLengths::Fields& fields)
{
    const auto columns = csv::columns();
    for (std::size_t i = 0; i < csv::column_count; ++i) {
        if (chosen(columns[i].of))
            fields[i] += columns[i].length(row, scratch_);
    }
}

void RecordMeter::begin(const VideoRecord& record, const json::Value& result)
{
    lengths_ = {};
    lengths_.around = record.head.size() + record.tail.size();
    lengths_.ids = json_length(result.get("video_id"), scratch_) + json_length(result.get("analysis_id"), scratch_);
    lengths_.own_query = csv::has_own_query(result);
    const json::Value none;
    const EventView no_event(none);
    const csv::Row row{{}, {}, {}, result, no_event};
    add_fields(
        row, [](csv::Of of) { return of == csv::Of::video || of == csv::Of::video_or_batch; }, lengths_.fields);
}

void RecordMeter::event(Approval approval, std::string_view event_json, const EventView& event)
{
    auto& events = lengths_.events[static_cast<std::size_t>(approval)];
    ++events.count;
    events.json += event_json.size();
    const json::Value none;
    const csv::Row row{{}, {}, {}, none, event};
    add_fields(
        row, [](csv::Of of) { return of == csv::Of::event; }, events.fields);
}

std::optional<RecordLengths> lengths_of(const VideoRecord& record)
{
    json::Arena arena, event_arena;
    const std::string text = record.head + record.tail;
    const auto result = json::read(text, arena);
    if (!result)
        return std::nullopt;
    RecordMeter meter;
    meter.begin(record, *result);
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        event_arena.reset();
        const auto event = json::read(record.event(i), event_arena);
        if (!event)
            return std::nullopt;
        meter.event(record.spans[i].approval, record.event(i), EventView(*event));
    }
    return meter.lengths();
}

} // namespace nomadic::batch
