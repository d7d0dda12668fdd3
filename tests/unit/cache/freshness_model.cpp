// The freshness rules against a second, smaller statement of them: every limit as an age below which something holds.

#include "cache/freshness.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace nomadic::cache;
using std::chrono::seconds;

namespace {

using Age = std::int64_t;
constexpr Age forever = std::numeric_limits<Age>::max();

// Ages below it are accepted by the request itself.
Age accepted_below(const Directives& request, Age lifetime)
{
    Age limit = forever;
    if (request.max_age)
        limit = std::min(limit, *request.max_age == seconds{0} ? 0 : request.max_age->count() + 1);
    if (request.max_age && !request.max_stale)
        limit = std::min(limit, lifetime);
    if (request.min_fresh)
        limit = std::min(limit, lifetime - request.min_fresh->count() + 1);
    if (request.max_stale && *request.max_stale != seconds::max())
        limit = std::min(limit, lifetime + request.max_stale->count() + 1);
    return limit;
}

Action model(const Facts& facts, const Directives& request, const Policy& policy)
{
    const bool may_ask = !facts.offline && !request.only_if_cached;
    if (!facts.has_snapshot)
        return may_ask ? Action::fetch : Action::fail_offline;
    if (facts.offline)
        return Action::serve;
    const Age lifetime = (facts.pending_events != 0 ? policy.fresh_pending : policy.fresh_reviewed).count();
    const Age age = facts.age.count() < -10 ? lifetime : std::max<Age>(facts.age.count(), 0); // set back: just stale
    const Age behind =
        lifetime + (policy.stale_while_revalidate.count() != 0 ? policy.stale_while_revalidate.count() : lifetime);
    const bool trusted = !facts.invalidated && !request.no_cache;
    const bool hides_failure = trusted && age < lifetime + policy.stale_if_error.count();
    if (facts.upstream_failed)
        return hides_failure ? Action::serve : Action::fetch;

    const bool accepted = trusted && age < accepted_below(request, lifetime);
    if (accepted && (age < lifetime || (age >= behind && request.max_stale)))
        return Action::serve;
    const bool usable = accepted && age < behind;
    if (!may_ask)
        return usable ? Action::serve : Action::fail_offline;
    const bool left_alone = facts.since_failure && *facts.since_failure < policy.fresh_failed;
    if (left_alone && hides_failure)
        return Action::serve;
    return usable ? Action::serve_and_refresh : Action::fetch;
}

class Cases {
public:
    bool one_in(unsigned count) { return below(count) == 0; }
    seconds some(unsigned most) { return seconds(below(most)); }
    std::optional<seconds> perhaps(unsigned most) { return one_in(3) ? std::optional(some(most)) : std::nullopt; }

    Facts facts()
    {
        return {.has_snapshot = !one_in(10),
                .age = some(400) - seconds(20),
                .pending_events = below(2),
                .invalidated = one_in(8),
                .offline = one_in(8),
                .upstream_failed = one_in(5),
                .since_failure = perhaps(20)};
    }
    Directives directives()
    {
        Directives request{.no_cache = one_in(8), .no_store = one_in(8), .only_if_cached = one_in(5)};
        request.max_age = perhaps(300);
        request.max_stale = one_in(6) ? std::optional(seconds::max()) : perhaps(200);
        request.min_fresh = perhaps(100);
        return request;
    }
    Policy policy()
    {
        return {.fresh_pending = some(60),
                .fresh_reviewed = some(150),
                .fresh_failed = some(15),
                .stale_while_revalidate = some(3) == seconds(0) ? seconds(0) : some(100),
                .stale_if_error = some(200),
                .pattern = {}};
    }

private:
    unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
    std::mt19937_64 random_{20260131};
};

} // namespace

TEST_CASE("freshness: agrees with the model on whatever facts, wishes and policy")
{
    Cases cases;
    for (int i = 0; i < 200'000; ++i) {
        const auto facts = cases.facts();
        const auto request = cases.directives();
        const auto policy = cases.policy();
        const auto decided = decide(facts, request, policy);
        REQUIRE_MESSAGE(decided.action == model(facts, request, policy), "case ", i);
        // Nothing is decided in silence: whatever is served beyond its lifetime says why.
        if (decided.action == Action::serve && decided.age >= decided.freshness_lifetime)
            REQUIRE_FALSE(decided.detail.empty());
    }
}

TEST_CASE("freshness: asking for more never gives an older answer, and time never makes one fresher")
{
    Cases cases;
    for (int i = 0; i < 50'000; ++i) {
        auto facts = cases.facts();
        facts.offline = facts.upstream_failed = false;
        facts.since_failure.reset();
        const auto policy = cases.policy();
        Directives plain;
        Directives strict = plain;
        strict.max_age = cases.some(300);
        const auto served = [&](const Directives& request) {
            const auto action = decide(facts, request, policy).action;
            return action == Action::serve || action == Action::serve_and_refresh;
        };
        REQUIRE((!served(strict) || served(plain)));
        const bool before = served(plain);
        facts.age += cases.some(100);
        REQUIRE((before || !served(plain)));
    }
}
