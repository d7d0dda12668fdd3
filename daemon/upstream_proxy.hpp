#pragma once

// Which HTTP proxy, if any, the way to the upstream goes through: upstream.proxy, else HTTPS_PROXY or HTTP_PROXY unless
// NO_PROXY names the host. As curl does, the lower-case names are looked at too.

#include "config/load.hpp"
#include "proxy/upstream/endpoint.hpp"

namespace nomadic::daemon {

Result<std::optional<proxy::Endpoint>> upstream_proxy(const config::Upstream& settings, const proxy::Endpoint& upstream,
                                                      const config::Environment& environment);

} // namespace nomadic::daemon
