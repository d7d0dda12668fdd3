#include "proxy/routes/explain.hpp"

#include "base/units.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/routes/batch_summary.hpp"
#include "proxy/routes/identified.hpp"
#include "proxy/routes/uncached.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;
using Explanation = BatchService::Explanation;
using std::chrono::seconds;

std::uint64_t pending_events(const cache::Snapshot& snapshot)
{
    return snapshot.events[static_cast<std::size_t>(batch::Approval::pending)];
}

json::object policy_of(const Explanation& known)
{
    const auto& policy = known.policy;
    json::object object{{"rule", policy.pattern.empty() ? json::value() : json::value(policy.pattern)},
                        {"fresh_pending", format_duration(policy.fresh_pending)},
                        {"fresh_reviewed", format_duration(policy.fresh_reviewed)},
                        {"fresh_failed", format_duration(policy.fresh_failed)},
                        {"stale_while_revalidate", format_duration(known.decision.stale_while_revalidate)},
                        {"stale_if_error", format_duration(policy.stale_if_error)}};
    if (known.snapshot)
        object["applies"] = pending_events(*known.snapshot) > 0 ? "fresh_pending" : "fresh_reviewed";
    return object;
}

// A sentence, and when it ends to be true (nothing: not by itself).
struct Next {
    std::string because;
    std::optional<TimePoint> at;
};

Next next_of(const Explanation& known, bool offline, TimePoint now)
{
    if (!known.snapshot)
        return {offline ? "It is not stored, and offline it can't be fetched." : "It is not stored: a read fetches it.",
                {}};
    if (offline)
        return {"Offline, what is stored is served whatever its age.", {}};
    if (known.snapshot->stale)
        return {"A write went through since, or the upstream refused it: a read asks the upstream first.", {}};
    const auto& decision = known.decision;
    const auto confirmed = now - decision.age;
    const auto fresh_until = confirmed + decision.freshness_lifetime;
    const auto pending = pending_events(*known.snapshot);
    if (now < fresh_until)
        return {(pending > 0 ? std::to_string(pending) + " events are pending" : std::string("No event is pending")) +
                    ": it is served as it is until then; a read after that is served at once and refreshes it behind.",
                fresh_until};
    if (decision.detail == "stale-if-error")
        return {"The upstream has just failed and is left alone until then.",
                known.failed_at.value_or(now) + known.policy.fresh_failed};
    if (decision.action == cache::Action::serve_and_refresh)
        return {"It is stale: until then a read is served at once and refreshes it behind; after that it waits for the "
                "upstream.",
                fresh_until + decision.stale_while_revalidate};
    return {"It is stale: a read waits for the upstream, and gets what is stored if that fails, until then.",
            fresh_until + known.policy.stale_if_error};
}

json::object next_object(const Next& next)
{
    return {{"because", next.because}, {"at", next.at ? json::value(format_rfc3339(*next.at)) : json::value()}};
}

json::array exchanges_of(const Explanation& known)
{
    json::array exchanges;
    for (const auto& seen : known.exchanges)
        exchanges.push_back({{"at", format_rfc3339(seen.at)},
                             {"method", seen.method},
                             {"target", seen.target},
                             {"status", seen.status == 0 ? json::value() : json::value(seen.status)},
                             {"ms", seen.took.count()},
                             {"bytes", seen.bytes}});
    return exchanges;
}

} // namespace

void ExplainRoute::add_to(Router& router)
{
    const auto handler = [this](Request&, Identity identity, PathParameters parameters) {
        return get(std::move(identity), std::move(parameters[0]));
    };
    router.add("GET", "/v1/batches/{batch_id}/explain", identified(credentials_, handler), ReadsQuery::no);
}

awaitable<Result<Response>> ExplainRoute::get(Identity identity, std::string batch_id)
{
    const auto partition = identity.label;
    auto known = co_await batches_.explain(std::move(identity), std::move(batch_id));
    if (!known)
        co_return known.error();
    constexpr std::size_t digits_of_scope = 16;
    const json::object document{
        {"batch_id", known->key.batch_id},
        {"stored", known->snapshot.has_value()},
        {"key",
         {{"upstream", upstream_url_},
          {"partition", partition},
          {"scope", batch::to_hex(known->key.scope.id).substr(0, digits_of_scope)}}},
        {"snapshot", known->snapshot ? json::value(summary_of(*known->snapshot, known->decision)) : json::value()},
        {"policy", policy_of(*known)},
        {"next", next_object(next_of(*known, batches_.offline(), clock_.now()))},
        {"being_fetched", known->flying},
        {"watchers", watches_.watched(known->key)},
        {"failed_at", known->failed_at ? json::value(format_rfc3339(*known->failed_at)) : json::value()},
        {"upstream", exchanges_of(*known)}};
    co_return uncached(document);
}

} // namespace nomadic::proxy
