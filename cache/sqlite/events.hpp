#pragma once

// Writing the rows of `event`: the facts of every event that narrowing, facets and the SQL view look at, so that none
// of them has to read an event's JSON. One thread at a time.

#include "cache/sqlite/description.hpp"
#include "cache/sqlite/rows_at_once.hpp"
#include "cache/sqlite/session.hpp"

#include <span>

namespace nomadic::cache::sqlite {

// Lives no longer than the database.
class EventInserter {
public:
    explicit EventInserter(Database& database);
    void insert(std::int64_t content, const EventRows& events); // which must live until finish()
    void finish();                                              // within the same transaction

private:
    struct Row {
        static constexpr int columns = 10;
        void bind(Statement& statement, int first) const;
        std::int64_t content = 0;
        std::size_t position = 0;
        EventRows::Row event;
    };
    RowsAtOnce<Row> rows_;
};

// Makes the snapshot's contents the ones that the view `events` shows for its batch.
void list_members(Database& database, std::int64_t batch_row, std::int64_t snapshot,
                  std::span<const std::int64_t> contents);

} // namespace nomadic::cache::sqlite
