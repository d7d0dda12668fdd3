#include "cache/freshness.hpp"

#include <doctest/doctest.h>

using namespace nomadic::cache;
using namespace std::chrono_literals;

namespace {

const Policy policy{
    .fresh_pending = 60s, .fresh_reviewed = 1000s, .stale_while_revalidate = 0s, .stale_if_error = 500s};

Facts stored(std::chrono::seconds age, std::uint64_t pending = 1)
{
    return {.has_snapshot = true, .age = age, .pending_events = pending};
}

Action action(const Facts& facts, const Directives& request = {})
{
    return decide(facts, request, policy).action;
}

} // namespace

TEST_CASE("freshness: pending reviews are fresh for a short time, finished ones for a long one")
{
    CHECK(action(stored(59s)) == Action::serve);
    CHECK(action(stored(60s)) == Action::serve_and_refresh);
    CHECK(action(stored(119s)) == Action::serve_and_refresh);
    CHECK(action(stored(120s)) == Action::fetch);
    CHECK(action(stored(999s, 0)) == Action::serve);
    CHECK(action(stored(1999s, 0)) == Action::serve_and_refresh);
    CHECK(action(stored(2000s, 0)) == Action::fetch);
    CHECK(action(stored(-5s)) == Action::serve);
}

TEST_CASE("freshness: what is not stored is fetched, unless upstream may not be asked")
{
    CHECK(action({}) == Action::fetch);
    CHECK(action({.offline = true}) == Action::fail_offline);
    CHECK(action({}, {.only_if_cached = true}) == Action::fail_offline);
}

TEST_CASE("freshness: offline serves everything stored, and says so")
{
    auto facts = stored(10'000'000s);
    facts.offline = true;
    facts.invalidated = true;
    const auto decision = decide(facts, {.no_cache = true}, policy);
    CHECK(decision.action == Action::serve);
    CHECK(decision.detail == "offline");
}

TEST_CASE("freshness: a write that went through forbids every stale answer")
{
    auto facts = stored(1s);
    facts.invalidated = true;
    CHECK(action(facts) == Action::fetch);
    CHECK(action(facts, {.only_if_cached = true}) == Action::fail_offline);
    CHECK(action(facts, {.max_stale = std::chrono::seconds::max()}) == Action::fetch);
    facts.upstream_failed = true;
    CHECK(action(facts) == Action::fetch);
}

TEST_CASE("freshness: a failed upstream is hidden for stale_if_error, but not from no-cache")
{
    auto facts = stored(559s);
    facts.upstream_failed = true;
    CHECK(decide(facts, {}, policy).detail == "stale-if-error");
    CHECK(action(facts) == Action::serve);
    CHECK(action(facts, {.no_cache = true}) == Action::fetch);
    facts.age = 560s;
    CHECK(action(facts) == Action::fetch);
}

TEST_CASE("freshness: what was confirmed in the future, before the clock was set back, is stale")
{
    CHECK(action(stored(-10s)) == Action::serve);
    CHECK(action(stored(-11s)) == Action::serve_and_refresh);
    CHECK(action(stored(-400 * 24h)) == Action::serve_and_refresh);
    CHECK(action(stored(-11s), {.max_age = 30s}) == Action::fetch);
    auto facts = stored(-11s);
    facts.upstream_failed = true;
    CHECK(decide(facts, {}, policy).detail == "stale-if-error");
    facts.offline = true;
    CHECK(action(facts) == Action::serve);
}

TEST_CASE("freshness: the request's directives")
{
    CHECK(action(stored(1s), {.no_cache = true}) == Action::fetch);
    CHECK(action(stored(10s), {.max_age = 9s}) == Action::fetch);
    CHECK(action(stored(10s), {.max_age = 10s}) == Action::serve);
    CHECK(action(stored(0s), {.max_age = 0s}) == Action::fetch);
    CHECK(action(stored(50s), {.min_fresh = 11s}) == Action::fetch);
    CHECK(action(stored(50s), {.min_fresh = 10s}) == Action::serve);
    CHECK(action(stored(500s), {.max_stale = 440s}) == Action::serve);
    CHECK(action(stored(501s), {.max_stale = 440s}) == Action::fetch);
    CHECK(action(stored(70s), {.only_if_cached = true}) == Action::serve);
    CHECK(action(stored(120s), {.only_if_cached = true}) == Action::fail_offline);
    CHECK(action(stored(1s), {.no_cache = true, .only_if_cached = true}) == Action::fail_offline);
}
