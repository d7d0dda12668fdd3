#pragma once

// GET /v1/batches/{id}/diff: two stored states of a batch, compared, as JSON or CSV. difference() blocks on the store:
// a reader thread's; the rest is pure.

#include "batch/diff.hpp"
#include "cache/store.hpp"

#include <boost/json/object.hpp>

namespace nomadic::proxy {

// What a member of batch_metadata was and is; both null when it has not changed.
struct MemberChange {
    boost::json::value from, to;
    bool any() const { return from != to; }
};

struct BatchDifference {
    std::int64_t from = 0, to = 0; // snapshots
    batch::Difference events;
    MemberChange metadata, review_status;

    bool nothing() const;
};

Result<BatchDifference> difference(cache::Store& store, const cache::Snapshot& from, const cache::Snapshot& to);

boost::json::object to_json(const BatchDifference& difference);
// How many of each, for those who only want to know whether to look.
boost::json::object summary_of(const BatchDifference& difference);
// A row for each change: change,video_id,event_id,label,from,to.
std::string to_csv(const BatchDifference& difference);

} // namespace nomadic::proxy
