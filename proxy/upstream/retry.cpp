#include "proxy/upstream/retry.hpp"

#include "proxy/http/conditional.hpp"

#include <algorithm>
#include <charconv>

namespace nomadic::proxy {

using std::chrono::milliseconds;
using std::chrono::seconds;

RetryPolicy retry_policy(const config::Upstream& settings)
{
    return {settings.retries, settings.retry_base_delay, settings.retry_max_delay};
}

bool is_transient(unsigned status)
{
    constexpr unsigned loop_detected = 508; // will be one the next time as well
    return status == 408 || status == 429 || (status >= 500 && status <= 599 && status != loop_detected);
}

std::optional<milliseconds> next_delay(const RetryPolicy& policy, std::uint32_t attempt,
                                       std::optional<seconds> retry_after, double jitter)
{
    if (attempt > policy.retries)
        return std::nullopt;
    if (retry_after)
        return *retry_after <= policy.max_delay ? std::optional<milliseconds>(*retry_after) : std::nullopt;
    const auto doublings = std::min(attempt - 1, 20U);
    const auto ceiling = std::min<std::int64_t>(policy.max_delay.count(), policy.base_delay.count() << doublings);
    // Half of it always passes, so that a failing upstream gets its breath; the other half spreads the herd.
    return milliseconds(ceiling / 2 + static_cast<std::int64_t>(jitter * static_cast<double>(ceiling) / 2));
}

std::optional<seconds> parse_retry_after(std::string_view text, TimePoint now)
{
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc{} && end == text.data() + text.size())
        return seconds(count);
    if (const auto date = parse_http_date(text))
        return std::max(std::chrono::ceil<seconds>(*date - now), seconds{0});
    return std::nullopt;
}

} // namespace nomadic::proxy
