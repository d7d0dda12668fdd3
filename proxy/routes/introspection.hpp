#pragma once

// What the daemon says of itself: /metrics, /v1/status, /openapi.json. Loop thread.

#include "cache/async_store.hpp"
#include "proxy/http/metrics.hpp"
#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"
#include "proxy/service/renderings.hpp"

namespace nomadic::proxy {

class IntrospectionRoutes {
public:
    IntrospectionRoutes(Metrics& metrics, BatchService& batches, Renderings& renderings, cache::AsyncStore& store,
                        const Clock& clock, std::string version)
        : metrics_(metrics),
          batches_(batches),
          renderings_(renderings),
          store_(store),
          clock_(clock),
          started_(clock.now()),
          version_(std::move(version))
    {}
    void add_to(Router& router);

private:
    awaitable<Response> metrics(Request& request);
    awaitable<Response> status(Request& request);
    awaitable<Result<std::uint64_t>> store_bytes();

    Metrics& metrics_;
    BatchService& batches_;
    Renderings& renderings_;
    cache::AsyncStore& store_;
    const Clock& clock_;
    TimePoint started_;
    std::string version_;
};

} // namespace nomadic::proxy
