#pragma once

// GET /healthz: the process answers. GET /readyz: it can serve, i.e. its store can be read. Loop thread.

#include "cache/async_store.hpp"
#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

void add_health_routes(Router& router, cache::AsyncStore& store, const BatchService& batches);

} // namespace nomadic::proxy
