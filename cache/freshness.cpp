#include "cache/freshness.hpp"

#include <algorithm>

namespace nomadic::cache {

using std::chrono::seconds;

namespace {

Decision with(Decision decision, Action action, std::string detail = {})
{
    decision.action = action;
    decision.detail = std::move(detail);
    return decision;
}

// A stored state that the request's own directives do not let pass (RFC 9111, 5.2.1.1 and 5.2.1.3).
bool too_old_for(const Directives& request, const Decision& decision)
{
    return (request.max_age && decision.age > *request.max_age) ||
           (request.min_fresh && decision.freshness_lifetime - decision.age < *request.min_fresh);
}

Action after_failure(const Facts& facts, const Directives& request, const Policy& policy, const Decision& decision)
{
    // no-cache asked for upstream's word, and after a write the stored state is known to be wrong.
    if (request.no_cache || facts.invalidated)
        return Action::fetch;
    return decision.age < decision.freshness_lifetime + policy.stale_if_error ? Action::serve : Action::fetch;
}

Action while_reachable(const Facts& facts, const Directives& request, const Decision& decision)
{
    if (facts.invalidated || request.no_cache)
        return Action::fetch;
    if (too_old_for(request, decision))
        return Action::fetch;
    const auto staleness = decision.age - decision.freshness_lifetime;
    if (staleness < seconds{0} || (request.max_stale && staleness <= *request.max_stale))
        return Action::serve;
    return staleness < decision.stale_while_revalidate ? Action::serve_and_refresh : Action::fetch;
}

} // namespace

Policy policy_from(const config::Cache& settings)
{
    return {.fresh_pending = settings.fresh_pending,
            .fresh_reviewed = settings.fresh_reviewed,
            .stale_while_revalidate = settings.stale_while_revalidate,
            .stale_if_error = settings.stale_if_error};
}

Decision decide(const Facts& facts, const Directives& request, const Policy& policy)
{
    Decision decision;
    if (!facts.has_snapshot)
        return with(decision, facts.offline || request.only_if_cached ? Action::fail_offline : Action::fetch);

    decision.age = std::max(facts.age, seconds{0});
    decision.freshness_lifetime = facts.pending_events > 0 ? policy.fresh_pending : policy.fresh_reviewed;
    decision.stale_while_revalidate =
        policy.stale_while_revalidate == seconds{0} ? decision.freshness_lifetime : policy.stale_while_revalidate;

    if (facts.offline)
        return with(decision, Action::serve, "offline");
    if (facts.upstream_failed) {
        const auto action = after_failure(facts, request, policy, decision);
        return with(decision, action, action == Action::serve ? "stale-if-error" : "");
    }
    const auto action = while_reachable(facts, request, decision);
    if (!request.only_if_cached)
        return with(decision, action);
    // Whatever would have gone upstream may not; what is good enough to be served meanwhile is good enough here.
    return with(decision, action == Action::fetch ? Action::fail_offline : Action::serve);
}

} // namespace nomadic::cache
