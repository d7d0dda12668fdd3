#pragma once

// What GET /v1/batches says of a cached batch. Pure, any thread.

#include "cache/freshness.hpp"
#include "cache/store.hpp"
#include "proxy/service/thumbnail_summary.hpp"

#include <boost/json/object.hpp>

namespace nomadic::proxy {

boost::json::object summary_of(const cache::Snapshot& snapshot, const cache::Decision& freshness);
boost::json::object summary_of(const ThumbnailSummary& thumbnails);
boost::json::object summary_of(const cache::HistoryEntry& entry);

} // namespace nomadic::proxy
