#include "cache/sqlite/description.hpp"

#include "batch/json/read.hpp"
#include "batch/python.hpp"
#include "batch/record.hpp"

namespace nomadic::cache::sqlite {

void EventRows::reserve(std::size_t count, std::size_t text_bytes)
{
    rows_.reserve(count);
    texts_.reserve(text_bytes);
}

void EventRows::add(batch::Approval approval, const batch::EventView& event)
{
    auto& row = rows_.emplace_back();
    row.offset = static_cast<std::uint32_t>(texts_.size());
    row.approval = approval;
    row.confidence = event.confidence();
    const std::array<batch::json::Value, texts> values{event.event_id(),  event.category(), event.own("severity"),
                                                       event.any_label(), event.start(),    event.end()};
    for (std::size_t i = 0; i < texts; ++i) {
        const auto before = texts_.size();
        if (!values[i].is_null())
            batch::python::str(values[i], texts_);
        row.lengths[i] = static_cast<std::uint32_t>(texts_.size() - before);
    }
}

EventRows::Row EventRows::operator[](std::size_t position) const
{
    const auto& kept = rows_[position];
    Row row;
    row.approval = kept.approval;
    row.confidence = kept.confidence;
    const std::array<std::string_view*, texts> all{&row.event_id, &row.category, &row.severity,
                                                   &row.label,    &row.start,    &row.end};
    auto rest = std::string_view(texts_).substr(kept.offset);
    for (std::size_t i = 0; i < texts; ++i) {
        *all[i] = rest.substr(0, kept.lengths[i]);
        rest.remove_prefix(kept.lengths[i]);
    }
    return row;
}

Description Describer::describe(const batch::VideoRecord& record)
{
    Description description;
    arena_.reset();
    const std::string text = record.head + record.tail;
    const auto result = batch::json::read(text, arena_);
    bool measured = result.has_value();
    const auto members = result ? *result : batch::json::Value{};
    description.analysis_id = batch::analysis_id_of(members);
    meter_.begin(record, members);
    description.events.reserve(record.spans.size(), record.events.size() / 4); // of the JSON, more is seldom kept
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        event_arena_.reset();
        const auto event = batch::json::read(record.event(i), event_arena_);
        measured = measured && event;
        const auto value = event ? *event : batch::json::Value{};
        const batch::EventView view(value);
        meter_.event(record.spans[i].approval, record.event(i), view);
        description.events.add(record.spans[i].approval, view);
    }
    if (measured)
        description.lengths = batch::pack(meter_.lengths());
    return description;
}

} // namespace nomadic::cache::sqlite
