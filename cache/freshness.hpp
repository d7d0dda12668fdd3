#pragma once

// May what is stored be served? Facts and the request's wishes in, a decision out: no I/O, no clock. The rules are RFC
// 9111's with RFC 5861's two extensions, and docs/freshness.md's own lifetimes. Any thread.

#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nomadic::cache {

// The request's Cache-Control (RFC 9111, 5.2.1).
struct Directives {
    bool no_cache = false;
    bool no_store = false;
    bool only_if_cached = false;
    std::optional<std::chrono::seconds> max_age{};
    std::optional<std::chrono::seconds> max_stale{}; // without a value: seconds::max()
    std::optional<std::chrono::seconds> min_fresh{};
};

struct Facts {
    bool has_snapshot = false;
    std::chrono::seconds age{0}; // since upstream last confirmed it
    std::uint64_t pending_events = 0;
    bool invalidated = false; // a write went through since, or upstream refused it
    bool offline = false;
    bool upstream_failed = false;                           // asked again, after a fetch that failed
    std::optional<std::chrono::milliseconds> since_failure; // since the last revalidation, if that failed
};

struct Policy {
    std::chrono::seconds fresh_pending{60};
    std::chrono::seconds fresh_reviewed{24 * 3600};
    std::chrono::seconds fresh_failed{1};
    std::chrono::seconds stale_while_revalidate{0}; // 0: as long again as it was fresh
    std::chrono::seconds stale_if_error{7 * 24 * 3600};
    std::string pattern; // of the rule in cache.freshness_rules that it comes from; "" for none
};

// The settings' policy for each batch. They have been validated: a rule that can't be read is passed over.
class Policies {
public:
    explicit Policies(const config::Cache& settings);
    const Policy& of(std::string_view batch_id) const;

private:
    Policy otherwise_;
    std::vector<Policy> rules_; // in their order: the first that matches wins
};

enum class Action {
    serve,
    serve_and_refresh, // served at once, refreshed behind
    fetch,             // upstream first; after a failed fetch: the failure is the answer
    fail_offline,      // upstream may not be asked, and nothing can be served
};

struct Decision {
    Action action = Action::fetch;
    std::chrono::seconds age{0};
    std::chrono::seconds freshness_lifetime{0};
    std::chrono::seconds stale_while_revalidate{0};
    std::string detail; // for Cache-Status; "" for nothing to add
};

Decision decide(const Facts& facts, const Directives& request, const Policy& policy);

} // namespace nomadic::cache
