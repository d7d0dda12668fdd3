#pragma once

// Which events of a batch a reader wants. Pure, any thread.

#include "base/error.hpp"
#include "batch/batch.hpp"
#include "batch/json/value.hpp"

#include <bitset>

namespace nomadic::batch {

// What facets and all of narrowing but `q` look at of an event. Points into where the event is.
struct EventValues {
    Approval approval = Approval::pending;
    std::string_view category, severity, label;
    std::optional<double> confidence;
};

// The facts of one event that narrowing, facets, the SQL view and diffs look at.
struct EventFacts {
    Approval approval = Approval::pending;
    std::string event_id; // "" when there is none
    std::string category;
    std::string severity;
    std::string label;
    std::string ai_analysis;
    std::string start; // as in the CSV's Timestamp
    std::string end;
    std::optional<double> confidence;

    EventValues values() const { return {approval, category, severity, label, confidence}; }
};
EventFacts event_facts(std::string_view event_json);

// The same for one event after the other, in memory that is kept.
class EventFactsReader {
public:
    const EventFacts& read(std::string_view event_json); // valid until the next call

private:
    json::Arena arena_;
    EventFacts facts_;
};

// Values of one member combine with OR, members with AND. Empty means: no restriction.
struct Narrowing {
    std::vector<std::string> category, severity, label, video_id;
    std::optional<double> min_confidence;
    std::vector<std::string> q; // case-insensitive substrings of label, category or AI analysis

    bool empty() const;
    bool matches(const EventFacts& event) const;         // all but video_id, which is the record's
    bool matches_values(const EventValues& event) const; // all but video_id and q
    bool mentions(const EventFacts& event) const;        // q alone
    bool allows_video(std::string_view id) const;
};

struct Selection {
    std::optional<std::bitset<approval_count>> approvals; // absent: every event and every video
    Narrowing narrowing;

    bool everything() const { return !approvals && narrowing.empty(); }
    bool wants(Approval approval) const { return !approvals || approvals->test(static_cast<std::size_t>(approval)); }
    // For what has been selected already: wants every event, and no video without one.
    Selection applied() const;
    // A canonical text, equal for equal selections: a part of cache keys and entity tags.
    std::string canonical() const;
};

// `filter=` of the native endpoint and of filter_batch: each text may hold several values separated by commas. Empty
// or unknown values fail with Errc::unprocessable and name the value and the four.
Result<std::bitset<approval_count>> parse_approvals(const std::vector<std::string>& values);

} // namespace nomadic::batch
