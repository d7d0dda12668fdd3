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

void RecordMeter::begin(const VideoRecord& record, const json::Value& result)
{
    lengths_ = {};
    lengths_.around = record.head.size() + record.tail.size();
    lengths_.ids = json_length(result.get("video_id"), scratch_) + json_length(result.get("analysis_id"), scratch_);
    lengths_.own_query = csv::has_own_query(result);
    const json::Value none;
    const csv::Row row{{}, {}, {}, result, none, EventView(none)};
    for (std::size_t i = 0; i < csv::column_count; ++i)
        if (const auto& column = csv::columns()[i]; column.of == csv::Of::video || column.of == csv::Of::video_or_batch)
            lengths_.fields[i] = length(column, row);
}

void RecordMeter::event(Approval approval, std::string_view event_json, const json::Value& event)
{
    auto& events = lengths_.events[static_cast<std::size_t>(approval)];
    ++events.count;
    events.json += event_json.size();
    const json::Value none;
    const csv::Row row{{}, {}, {}, none, event, EventView(event)};
    for (std::size_t i = 0; i < csv::column_count; ++i)
        if (const auto& column = csv::columns()[i]; column.of == csv::Of::event)
            events.fields[i] += length(column, row);
}

std::uint64_t RecordMeter::length(const csv::Column& column, const csv::Row& row)
{
    scratch_.clear();
    column.append(row, scratch_);
    return scratch_.size();
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
        meter.event(record.spans[i].approval, record.event(i), *event);
    }
    return meter.lengths();
}

} // namespace nomadic::batch
