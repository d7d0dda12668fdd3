#include "proxy/routes/batch_summary.hpp"

#include "proxy/http/rfc3339.hpp"

namespace nomadic::proxy {

namespace {

std::string_view state_of(const cache::Snapshot& snapshot, const cache::Decision& freshness)
{
    if (snapshot.stale)
        return "invalidated";
    switch (freshness.action) {
    case cache::Action::serve:
        return freshness.age < freshness.freshness_lifetime ? "fresh" : "stale";
    case cache::Action::serve_and_refresh:
        return "stale-while-revalidate";
    case cache::Action::fetch:
    case cache::Action::fail_offline:
        break;
    }
    return "stale";
}

} // namespace

boost::json::object summary_of(const cache::Snapshot& snapshot, const cache::Decision& freshness)
{
    boost::json::object approvals;
    for (std::size_t i = 0; i < snapshot.events.size(); ++i)
        approvals[batch::to_string(static_cast<batch::Approval>(i))] = snapshot.events[i];
    return {{"batch_id", snapshot.key.batch_id},
            {"videos", snapshot.videos},
            {"events", snapshot.event_count()},
            {"approvals", std::move(approvals)},
            {"review_status",
             snapshot.review_status.empty() ? boost::json::value() : boost::json::value(snapshot.review_status)},
            {"bytes", snapshot.bytes},
            {"snapshot", snapshot.id},
            {"snapshots", snapshot.snapshots},
            {"fetched_at", format_rfc3339(snapshot.fetched_at)},
            {"validated_at", format_rfc3339(snapshot.validated_at)},
            {"freshness",
             {{"state", state_of(snapshot, freshness)},
              {"age", freshness.age.count()},
              {"ttl", (freshness.freshness_lifetime - freshness.age).count()}}},
            {"pinned", snapshot.pinned}};
}

boost::json::object summary_of(const ThumbnailSummary& thumbnails)
{
    const auto time = [](const std::optional<TimePoint>& at) {
        return at ? boost::json::value(format_rfc3339(*at)) : boost::json::value();
    };
    return {{"urls", thumbnails.urls},
            {"stored", thumbnails.stored},
            {"signed_urls", thumbnails.signed_urls},
            {"expired", thumbnails.expired},
            {"first_expiry", time(thumbnails.first_expiry)},
            {"last_expiry", time(thumbnails.last_expiry)}};
}

boost::json::object summary_of(const cache::HistoryEntry& entry)
{
    return {{"snapshot", entry.id},
            {"fetched_at", format_rfc3339(entry.fetched_at)},
            {"validated_at", format_rfc3339(entry.validated_at)},
            {"events", entry.events},
            {"changed", entry.changed}};
}

} // namespace nomadic::proxy
