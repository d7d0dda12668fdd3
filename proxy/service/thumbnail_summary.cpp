#include "proxy/service/thumbnail_summary.hpp"

#include "batch/signed_url.hpp"
#include "batch/thumbnails.hpp"

#include <algorithm>
#include <set>

namespace nomadic::proxy {

Result<ThumbnailSummary> summarise_thumbnails(cache::Store& store, const cache::Snapshot& snapshot, TimePoint now)
{
    auto stored = store.pictures(snapshot.key);
    if (!stored)
        return stored.error();
    const auto fetched_at = std::chrono::floor<std::chrono::seconds>(snapshot.fetched_at.time_since_epoch()).count();
    ThumbnailSummary summary;
    std::set<batch::Digest> seen;
    auto read = store.read(snapshot.id, {}, cache::WithSource::no, [&](const batch::VideoRecord& record) {
        batch::for_each_thumbnail(record, [&](std::string_view url) {
            const auto id = batch::thumbnail_id(url);
            if (!seen.insert(id).second)
                return;
            ++summary.urls;
            summary.stored += std::binary_search(stored->begin(), stored->end(), id) ? 1U : 0U;
            const auto expiry = batch::expiry_of(url, fetched_at);
            if (!expiry)
                return;
            const TimePoint at{std::chrono::seconds(*expiry)};
            ++summary.signed_urls;
            summary.expired += at <= now ? 1U : 0U;
            summary.first_expiry = std::min(summary.first_expiry.value_or(at), at);
            summary.last_expiry = std::max(summary.last_expiry.value_or(at), at);
        });
        return true;
    });
    if (!read)
        return read.error();
    return summary;
}

} // namespace nomadic::proxy
