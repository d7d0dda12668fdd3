#pragma once

// What is known of a batch's pictures: how many there are, which of them are stored, and how long the URLs of the
// others will work. On a store thread: it reads the batch.

#include "base/clock.hpp"
#include "cache/store.hpp"

namespace nomadic::proxy {

struct ThumbnailSummary {
    std::uint64_t urls = 0;   // distinct pictures that events point to
    std::uint64_t stored = 0; // of these
    std::uint64_t signed_urls = 0;
    std::uint64_t expired = 0;
    std::optional<TimePoint> first_expiry, last_expiry; // also those that have passed
};

Result<ThumbnailSummary> summarise_thumbnails(cache::Store& store, const cache::Snapshot& snapshot, TimePoint now);

} // namespace nomadic::proxy
