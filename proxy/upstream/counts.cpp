#include "proxy/upstream/counts.hpp"

namespace nomadic::proxy {

namespace {

enum Outcome : std::size_t { ok, refused, rate_limited, server_error, timeout, broken };

} // namespace

void UpstreamCounts::answered(unsigned status)
{
    const auto outcome = status == 429 ? rate_limited : status >= 500 ? server_error : status >= 400 ? refused : ok;
    ++requests.at(outcome);
}

void UpstreamCounts::failed(const Failure& failure)
{
    ++requests.at(failure.code == Errc::upstream_timeout ? timeout : broken);
}

} // namespace nomadic::proxy
