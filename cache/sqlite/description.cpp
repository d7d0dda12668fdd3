#include "cache/sqlite/description.hpp"

#include "batch/json/read.hpp"
#include "batch/record.hpp"

namespace nomadic::cache::sqlite {

void EventRows::add(batch::Approval approval, const batch::EventFacts& facts)
{
    auto& row = rows_.emplace_back();
    row.offset = static_cast<std::uint32_t>(texts_.size());
    row.approval = approval;
    row.confidence = facts.confidence;
    const std::array<const std::string*, texts> all{&facts.event_id, &facts.category, &facts.severity,
                                                    &facts.label,    &facts.start,    &facts.end};
    for (std::size_t i = 0; i < texts; ++i) {
        row.lengths[i] = static_cast<std::uint32_t>(all[i]->size());
        texts_ += *all[i];
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
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        event_arena_.reset();
        const auto event = batch::json::read(record.event(i), event_arena_);
        measured = measured && event;
        const auto value = event ? *event : batch::json::Value{};
        batch::read_facts(value, facts_);
        meter_.event(record.spans[i].approval, record.event(i), value);
        description.events.add(record.spans[i].approval, facts_);
    }
    if (measured)
        description.lengths = batch::pack(meter_.lengths());
    return description;
}

} // namespace nomadic::cache::sqlite
