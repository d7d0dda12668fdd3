#pragma once

// Reading the rows of `event`: what narrowing and facets look at of every event, so that neither has to read an event's
// JSON. Within one read transaction, one thread at a time.

#include "batch/filter.hpp"
#include "cache/sqlite/session.hpp"

namespace nomadic::cache::sqlite {

// Which columns somebody looks at, beside the approval. The others are not read.
struct EventColumns {
    bool category = false, severity = false, label = false, confidence = false;
};
EventColumns columns_of(const batch::Narrowing& narrowing);

// The rows of contents whose ids follow each other, in their order; without most of those that narrowing leaves out.
// Throws Damage where a content has events, but no rows: its events must not be left out as if they were unwanted.
class EventReader {
public:
    EventReader(Session& session, const batch::Narrowing& narrowing, const EventColumns& columns,
                std::int64_t first_content, std::int64_t last_content);

    bool next(); // true while there is a row
    std::int64_t content() const { return content_; }
    std::size_t position() const { return static_cast<std::size_t>(rows_.integer(1)); }
    batch::EventValues values() const; // valid until next()

private:
    void require_no_events(std::int64_t first_content, std::int64_t last_content);

    Session& session_;
    EventColumns columns_;
    std::int64_t content_; // of the row; before the first, the one before them all
    std::int64_t last_content_;
    Rows rows_;
};

} // namespace nomadic::cache::sqlite
