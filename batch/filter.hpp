#pragma once

// Which events of a batch a reader wants. Pure, any thread.

#include "base/error.hpp"
#include "batch/batch.hpp"

#include <bitset>

namespace nomadic::batch {

// The facts of one event that narrowing, facets, the SQL view and diffs look at. Views point into the event's JSON or
// into `storage` where a text had to be unescaped.
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
};
EventFacts event_facts(std::string_view event_json);

// Values of one member combine with OR, members with AND. Empty means: no restriction.
struct Narrowing {
    std::vector<std::string> category, severity, label, video_id;
    std::optional<double> min_confidence;
    std::string q; // case-insensitive substring of label, category or AI analysis

    bool empty() const;
    bool matches(const EventFacts& event) const; // all but video_id, which is the record's
};

struct Selection {
    std::optional<std::bitset<approval_count>> approvals; // absent: every event and every video
    Narrowing narrowing;

    bool everything() const { return !approvals && narrowing.empty(); }
    bool wants(Approval approval) const { return !approvals || approvals->test(static_cast<std::size_t>(approval)); }
    // A canonical text, equal for equal selections: a part of cache keys and entity tags.
    std::string canonical() const;
};

// `filter=` of the native endpoint and of filter_batch: each text may hold several values separated by commas. Empty
// or unknown values fail with Errc::unprocessable and name the value and the four.
Result<std::bitset<approval_count>> parse_approvals(const std::vector<std::string>& values);

} // namespace nomadic::batch
