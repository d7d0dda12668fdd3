#pragma once

// GET /healthz: the process answers. GET /readyz: it can serve, i.e. its store can be read. Loop thread.

#include "cache/async_store.hpp"
#include "proxy/http/router.hpp"

namespace nomadic::proxy {

void add_health_routes(Router& router, cache::AsyncStore& store);

} // namespace nomadic::proxy
