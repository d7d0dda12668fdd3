#include "proxy/routes/introspection.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/routes/openapi.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

Response plain(std::string media_type, std::string body)
{
    Response response;
    response.fields.add("Content-Type", std::move(media_type));
    response.fields.add("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

} // namespace

void IntrospectionRoutes::add_to(Router& router)
{
    router.add("GET", "/metrics", [this](Request& request, PathParameters) { return metrics(request); });
    router.add("GET", "/v1/status", [this](Request& request, PathParameters) { return status(request); });
    router.add("GET", "/openapi.json", [](Request&, PathParameters) -> awaitable<Response> {
        co_return plain("application/json", std::string(openapi_document));
    });
}

awaitable<Result<std::uint64_t>> IntrospectionRoutes::store_bytes()
{
    const auto measure = [](cache::Store& store) { return store.disk_bytes(); };
    co_return co_await store_.read(measure);
}

awaitable<Response> IntrospectionRoutes::metrics(Request& request)
{
    auto bytes = co_await store_bytes();
    if (!bytes)
        co_return problem(bytes.error(), request.target);
    metrics_.gauge("nomadic_cached_store_bytes", "Disk space of the store", static_cast<double>(*bytes));
    metrics_.gauge("nomadic_cached_hot_bytes", "Memory of rendered answers",
                   static_cast<double>(renderings_.hot().bytes()));
    metrics_.gauge("nomadic_cached_flights", "Batches being fetched", static_cast<double>(batches_.flights()));
    co_return plain("text/plain; version=0.0.4; charset=utf-8", metrics_.text());
}

awaitable<Response> IntrospectionRoutes::status(Request& request)
{
    auto bytes = co_await store_bytes();
    if (!bytes)
        co_return problem(bytes.error(), request.target);
    const boost::json::object document{
        {"version", version_},
        {"started_at", format_rfc3339(started_)},
        {"uptime_seconds", std::chrono::floor<std::chrono::seconds>(clock_.now() - started_).count()},
        {"offline", batches_.offline()},
        {"flights", batches_.flights()},
        {"store", {{"bytes", *bytes}}},
        {"hot", {{"answers", renderings_.hot().size()}, {"bytes", renderings_.hot().bytes()}}}};
    co_return plain("application/json", boost::json::serialize(document));
}

} // namespace nomadic::proxy
