#pragma once

// Writing the rows of `event`: the facts of every event that narrowing, facets and the SQL view look at, so that none
// of them has to read an event's JSON. One thread at a time.

#include "batch/filter.hpp"
#include "cache/sqlite/session.hpp"

#include <array>
#include <span>

namespace nomadic::cache::sqlite {

// Inserts them, several with one statement. Lives no longer than the database.
class EventInserter {
public:
    explicit EventInserter(Database& database) : database_(database) {}
    void insert(std::int64_t content, const batch::VideoRecord& record);

private:
    static constexpr std::size_t rows_at_once = 8;

    Database& database_;
    batch::EventFactsReader reader_;
    std::array<batch::EventFacts, rows_at_once> facts_;
};

// Makes the snapshot's contents the ones that the view `events` shows for its batch.
void list_members(Database& database, std::int64_t batch_row, std::int64_t snapshot,
                  std::span<const std::int64_t> contents);

} // namespace nomadic::cache::sqlite
