#include "proxy/routes/health.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/routes/uncached.hpp"

namespace nomadic::proxy {

void add_health_routes(Router& router, cache::AsyncStore& store, const BatchService& batches)
{
    router.add("GET", "/healthz", [](Request&, PathParameters) -> awaitable<Response> {
        co_return uncached({{"status", "ok"}});
    });
    router.add("GET", "/readyz", [&store, &batches](Request& request, PathParameters) -> awaitable<Response> {
        auto readable = co_await store.read([](cache::Store& it) { return it.install_secret(); });
        if (!readable)
            co_return problem(readable.error(), request.target);
        // Still serving what is there and what upstream has, so still ready; but whoever looks shall know.
        if (const auto& complaint = batches.store_health().complaint())
            co_return uncached({{"status", "degraded"}, {"store", *complaint}});
        co_return uncached({{"status", "ready"}});
    });
}

} // namespace nomadic::proxy
