#include "cache/freshness.hpp"

#include "config/freshness_rule.hpp"

#include <algorithm>

namespace nomadic::cache {

using std::chrono::seconds;

namespace {

// A clock that is kept right is set back by no more.
constexpr seconds clock_correction{10};

Decision with(Decision decision, Action action, std::string detail = {})
{
    decision.action = action;
    decision.detail = std::move(detail);
    return decision;
}

seconds staleness(const Decision& decision)
{
    return decision.age - decision.freshness_lifetime;
}

// What the request's own directives do not let pass. A max-age without max-stale also means that nothing stale is
// wanted (RFC 9111, 5.2.1). Ages are cut to whole seconds: nothing stored is known to be as young as max-age=0 asks
// for, by which browsers mean that it be revalidated.
bool refused_by(const Directives& request, const Decision& decision)
{
    const bool stale = staleness(decision) >= seconds{0};
    return (request.max_age &&
            (decision.age > *request.max_age || *request.max_age == seconds{0} || (stale && !request.max_stale))) ||
           (request.min_fresh && -staleness(decision) < *request.min_fresh) ||
           (request.max_stale && staleness(decision) > *request.max_stale);
}

Action while_reachable(const Facts& facts, const Directives& request, const Decision& decision)
{
    if (facts.invalidated || request.no_cache || refused_by(request, decision))
        return Action::fetch;
    if (staleness(decision) < seconds{0})
        return Action::serve;
    if (staleness(decision) < decision.stale_while_revalidate)
        return Action::serve_and_refresh;
    return request.max_stale ? Action::serve : Action::fetch;
}

// RFC 5861, 4. Not for no-cache, which asks for upstream's word, nor after a write: the stored state is known to be
// wrong.
bool may_hide_failure(const Facts& facts, const Directives& request, const Policy& policy, const Decision& decision)
{
    return !request.no_cache && !facts.invalidated && staleness(decision) < policy.stale_if_error;
}

Policy policy_of(const config::FreshnessRule& rule, Policy policy)
{
    policy.pattern = rule.pattern;
    policy.fresh_pending = rule.fresh_pending.value_or(policy.fresh_pending);
    policy.fresh_reviewed = rule.fresh_reviewed.value_or(policy.fresh_reviewed);
    policy.fresh_failed = rule.fresh_failed.value_or(policy.fresh_failed);
    policy.stale_while_revalidate = rule.stale_while_revalidate.value_or(policy.stale_while_revalidate);
    policy.stale_if_error = rule.stale_if_error.value_or(policy.stale_if_error);
    return policy;
}

} // namespace

Policies::Policies(const config::Cache& settings)
    : otherwise_{.fresh_pending = settings.fresh_pending,
                 .fresh_reviewed = settings.fresh_reviewed,
                 .fresh_failed = settings.fresh_failed,
                 .stale_while_revalidate = settings.stale_while_revalidate,
                 .stale_if_error = settings.stale_if_error,
                 .pattern = {}}
{
    for (const auto& text : settings.freshness_rules)
        if (const auto rule = config::parse_freshness_rule(text))
            rules_.push_back(policy_of(*rule, otherwise_));
}

const Policy& Policies::of(std::string_view batch_id) const
{
    const auto found = std::find_if(rules_.begin(), rules_.end(), [batch_id](const Policy& rule) {
        return config::matches_pattern(rule.pattern, batch_id);
    });
    return found == rules_.end() ? otherwise_ : *found;
}

Decision decide(const Facts& facts, const Directives& request, const Policy& policy)
{
    Decision decision;
    if (!facts.has_snapshot)
        return with(decision, facts.offline || request.only_if_cached ? Action::fail_offline : Action::fetch);

    decision.freshness_lifetime = facts.pending_events > 0 ? policy.fresh_pending : policy.fresh_reviewed;
    // Confirmed in the future: the clock has been set back since, and what is stored would stay fresh until it is there
    // again. How old it is nobody knows, so it is stale.
    decision.age = facts.age < -clock_correction ? decision.freshness_lifetime : std::max(facts.age, seconds{0});
    decision.stale_while_revalidate =
        policy.stale_while_revalidate == seconds{0} ? decision.freshness_lifetime : policy.stale_while_revalidate;

    if (facts.offline)
        return with(decision, Action::serve, "offline");
    if (facts.upstream_failed)
        return may_hide_failure(facts, request, policy, decision) ? with(decision, Action::serve, "stale-if-error")
                                                                  : with(decision, Action::fetch);

    const auto action = while_reachable(facts, request, decision);
    if (action == Action::serve)
        return with(decision, action, staleness(decision) < seconds{0} ? "" : "max-stale");
    // Whatever would have gone upstream may not; what is good enough to be served meanwhile is good enough here.
    if (request.only_if_cached)
        return action == Action::fetch ? with(decision, Action::fail_offline)
                                       : with(decision, Action::serve, "stale-while-revalidate");
    // An upstream that has just failed is left alone for a while.
    const bool paused = facts.since_failure && *facts.since_failure < policy.fresh_failed;
    if (paused && may_hide_failure(facts, request, policy, decision))
        return with(decision, Action::serve, "stale-if-error");
    return with(decision, action, action == Action::serve_and_refresh ? "stale-while-revalidate" : "");
}

} // namespace nomadic::cache
