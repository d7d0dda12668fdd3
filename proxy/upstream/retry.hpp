#pragma once

// Whether and when to try again: exponential backoff with full jitter, and the upstream's own Retry-After. Pure.

#include "base/clock.hpp"
#include "config/settings.hpp"

#include <optional>

namespace nomadic::proxy {

struct RetryPolicy {
    std::uint32_t retries = 3;
    std::chrono::milliseconds base_delay{250};
    std::chrono::milliseconds max_delay{20'000};
};
RetryPolicy retry_policy(const config::Upstream& settings);

// The statuses that the official clients retry, 408, 429 and 5xx, but for 508: a loop stays one.
bool is_transient(unsigned status);

// How long to wait before attempt number `attempt` + 1 (the first is 1), or nothing: no more attempts. A Retry-After
// beyond our patience ends them at once, since coming back sooner would only be refused. `jitter` is from [0, 1).
std::optional<std::chrono::milliseconds> next_delay(const RetryPolicy& policy, std::uint32_t attempt,
                                                    std::optional<std::chrono::seconds> retry_after, double jitter);

// Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3).
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, TimePoint now);

} // namespace nomadic::proxy
