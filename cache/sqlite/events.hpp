#pragma once

// The rows of `event`: the facts of every event that narrowing, facets and the SQL view look at, so that none of them
// has to read an event's JSON. One thread at a time.

#include "cache/sqlite/description.hpp"
#include "cache/sqlite/rows_at_once.hpp"
#include "cache/sqlite/session.hpp"

#include <functional>

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

// Picks the events that a selection wants, content by content. Lives within one read transaction.
class EventPicker {
public:
    EventPicker(Session& session, const batch::Selection& selection);

    // Gives the record of the content, which is asked for only where rows are not enough: `q` searches the AI analysis,
    // and a store of an older version may not have its rows yet.
    using RecordOf = std::function<const batch::VideoRecord&()>;
    using Each = std::function<void(std::size_t position, const batch::EventFacts& facts)>;
    void each_wanted(std::int64_t content, const RecordOf& record, const Each& each);
    static constexpr std::int64_t no_rows = 0; // in place of a content: only the record knows its events

private:
    void each_row(std::int64_t content, const RecordOf& record, const Each& each);
    bool mentioned(std::string_view event_json, const batch::EventFacts& facts);

    Session& session_;
    const batch::Selection& selection_;
    std::vector<std::string> q_;                // folded
    std::int64_t first_missing_, last_missing_; // contents whose rows are still missing
    batch::EventFactsReader reader_;
    batch::EventFacts facts_;
};

} // namespace nomadic::cache::sqlite
