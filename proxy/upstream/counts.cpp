#include "proxy/upstream/counts.hpp"

namespace nomadic::proxy {

namespace {

// Places in `requests`.
struct Outcome {
    static constexpr std::size_t ok = 0, refused = 1, rate_limited = 2, server_error = 3, timeout = 4, broken = 5;
};

} // namespace

void UpstreamCounts::answered(unsigned status)
{
    const auto outcome = status == 429   ? Outcome::rate_limited
                         : status >= 500 ? Outcome::server_error
                         : status >= 400 ? Outcome::refused
                                         : Outcome::ok;
    ++requests.at(outcome);
}

void UpstreamCounts::failed(const Failure& failure)
{
    ++requests.at(failure.code == Errc::upstream_timeout ? Outcome::timeout : Outcome::broken);
}

} // namespace nomadic::proxy
