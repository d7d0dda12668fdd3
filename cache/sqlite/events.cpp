#include "cache/sqlite/events.hpp"

namespace nomadic::cache::sqlite {

EventInserter::EventInserter(Database& database)
    : rows_(database, "INSERT OR IGNORE INTO event(content, position, approval, event_id, category, severity, label, "
                      "t_start, t_end, confidence)")
{}

void EventInserter::insert(std::int64_t content, const EventRows& events)
{
    for (std::size_t position = 0; position < events.size(); ++position)
        rows_.add({content, position, events[position]});
}

void EventInserter::finish()
{
    rows_.finish();
}

void EventInserter::Row::bind(Statement& statement, int first) const
{
    statement.bind_from(first, content, static_cast<std::int64_t>(position), static_cast<std::int64_t>(event.approval),
                        event.event_id, event.category, event.severity, event.label, event.start, event.end,
                        event.confidence);
}

void list_members(Database& database, std::int64_t batch_row, std::int64_t snapshot,
                  std::span<const std::int64_t> contents)
{
    database.run("DELETE FROM member WHERE snapshot IN (SELECT id FROM snapshot WHERE batch = ?)", batch_row);
    auto insert = database.statement("INSERT INTO member(snapshot, place, content, count) VALUES(?, ?, ?, ?)");
    for (std::size_t first = 0, next = 0; first < contents.size(); first = next) {
        next = end_of_run(contents, first);
        insert.run(snapshot, static_cast<std::int64_t>(first), contents[first],
                   static_cast<std::int64_t>(next - first));
    }
}

} // namespace nomadic::cache::sqlite
