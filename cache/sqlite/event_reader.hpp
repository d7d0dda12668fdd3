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
class EventReader {
public:
    EventReader(Session& session, const batch::Narrowing& narrowing, const EventColumns& columns,
                std::int64_t first_content, std::int64_t last_content);

    bool next() { return rows_.next(); } // true while there is a row
    std::int64_t content() const { return rows_.integer(0); }
    std::size_t position() const { return static_cast<std::size_t>(rows_.integer(1)); }
    batch::EventValues values() const; // valid until next()

private:
    EventColumns columns_;
    Rows rows_;
};

} // namespace nomadic::cache::sqlite
