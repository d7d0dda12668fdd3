#include "proxy/routes/introspection.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/routes/openapi.hpp"
#include "proxy/routes/uncached.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

double number(std::uint64_t count)
{
    return static_cast<double>(count);
}

boost::json::value complaint_of(const StoreHealth& health)
{
    return health.complaint() ? boost::json::value(*health.complaint()) : boost::json::value();
}

} // namespace

void IntrospectionRoutes::add_to(Router& router)
{
    router.add("GET", "/metrics", [this](Request& request, PathParameters) { return metrics(request); });
    router.add(
        "GET", "/v1/status", [this](Request& request, PathParameters) { return status(request); }, ReadsQuery::no);
    router.add("GET", "/openapi.json", [](Request&, PathParameters) -> awaitable<Response> {
        co_return uncached("application/json", std::string(openapi_document));
    });
}

awaitable<Result<IntrospectionRoutes::Usage>> IntrospectionRoutes::measure()
{
    const auto ask = [](cache::Store& store) -> Result<Usage> {
        auto bytes = store.disk_bytes();
        if (!bytes)
            return bytes.error();
        auto free = store.free_disk_bytes();
        if (!free)
            return free.error();
        return Usage{*bytes, *free, process_usage()};
    };
    co_return co_await subjects_.store.read(ask);
}

awaitable<Response> IntrospectionRoutes::metrics(Request& request)
{
    auto usage = co_await measure();
    if (!usage)
        co_return problem(usage.error(), request.target);
    Exposition exposition;
    exposition.gauge("nomadic_cached_build_info", "1, with the version as a label");
    exposition.sample({{"version", facts_.version}}, 1);
    subjects_.metrics.expose(exposition);
    expose_connections(exposition);
    expose_upstream(exposition);
    expose_cache(*usage, exposition);
    expose(usage->process, exposition);
    co_return uncached("text/plain; version=0.0.4; charset=utf-8", std::move(exposition).text());
}

void IntrospectionRoutes::expose_connections(Exposition& exposition) const
{
    const auto& sessions = subjects_.sessions;
    exposition.gauge("nomadic_cached_connections", "Client connections that are open");
    exposition.sample(number(sessions.open));
    exposition.counter("nomadic_cached_received_bytes_total", "Bytes received from clients");
    exposition.sample(number(sessions.traffic.received));
    exposition.counter("nomadic_cached_sent_bytes_total", "Bytes sent to clients");
    exposition.sample(number(sessions.traffic.sent));
}

const UpstreamCounts& IntrospectionRoutes::upstream_counts() const
{
    static const UpstreamCounts nothing;
    return subjects_.upstream == nullptr ? nothing : *subjects_.upstream;
}

void IntrospectionRoutes::expose_upstream(Exposition& exposition) const
{
    const auto& upstream = upstream_counts();
    exposition.gauge("nomadic_cached_offline", "1 when no connection is ever opened, else 0");
    exposition.sample(subjects_.batches.offline() ? 1 : 0);
    exposition.counter("nomadic_cached_upstream_requests_total", "Requests to the upstream, each attempt, by outcome");
    for (std::size_t i = 0; i < UpstreamCounts::outcomes.size(); ++i)
        exposition.sample({{"outcome", UpstreamCounts::outcomes.at(i)}}, number(upstream.requests.at(i)));
    exposition.histogram("nomadic_cached_upstream_request_duration_seconds",
                         "Time to the last byte of a status or bulk answer");
    exposition.sample({}, upstream.durations);
    exposition.counter("nomadic_cached_upstream_retries_total", "Requests to the upstream that were tried again");
    exposition.sample(number(upstream.retries));
    exposition.counter("nomadic_cached_upstream_received_bytes_total", "Bytes of status and bulk answers");
    exposition.sample(number(upstream.bytes_received));
    exposition.gauge("nomadic_cached_flights", "Batches being fetched");
    exposition.sample(number(subjects_.batches.flights()));
}

void IntrospectionRoutes::expose_cache(const Usage& usage, Exposition& exposition) const
{
    const auto& hot = subjects_.renderings.hot();
    exposition.gauge("nomadic_cached_hot_bytes", "Memory of rendered answers");
    exposition.sample(number(hot.bytes()));
    exposition.gauge("nomadic_cached_hot_answers", "Rendered answers in memory");
    exposition.sample(number(hot.size()));
    exposition.counter("nomadic_cached_hot_requests_total", "Rendered answers asked for, by whether they were there");
    exposition.sample({{"result", "hit"}}, number(hot.counts().hits));
    exposition.sample({{"result", "miss"}}, number(hot.counts().misses));
    exposition.counter("nomadic_cached_hot_evictions_total", "Rendered answers dropped to make room");
    exposition.sample(number(hot.counts().evictions));

    exposition.gauge("nomadic_cached_held_bytes", "Memory of batches that can't or must not be stored");
    exposition.sample(number(subjects_.batches.held_bytes()));
    exposition.gauge("nomadic_cached_spooled_bytes", "Temporary files of answers that are kept, made or being read");
    exposition.sample(number(cache::spooled_bytes()));
    exposition.gauge("nomadic_cached_spooled_files", "How many such files are open");
    exposition.sample(number(cache::spooled_files()));

    exposition.gauge("nomadic_cached_store_bytes", "Disk space of the store");
    exposition.sample(number(usage.store_bytes));
    exposition.gauge("nomadic_cached_store_quota_bytes", "Most disk space it may take (cache.disk_quota)");
    exposition.sample(number(subjects_.batches.bounds().quota()));
    exposition.gauge("nomadic_cached_store_free_disk_bytes", "Disk space left on its file system");
    exposition.sample(number(usage.free_disk_bytes));
    exposition.counter("nomadic_cached_store_evictions_total", "Batches evicted to stay within the quota");
    exposition.sample(number(subjects_.batches.bounds().evictions()));
    const auto& health = subjects_.batches.store_health();
    exposition.gauge("nomadic_cached_store_failing", "1 while the store does not take what it is given, else 0");
    exposition.sample(health.complaint() ? 1 : 0);
    exposition.counter("nomadic_cached_store_failures_total", "What the store could not take or give");
    exposition.sample(number(health.failures()));
    exposition.gauge("nomadic_cached_pending_jobs", "Jobs that wait or run, by the threads they are for");
    exposition.sample({{"threads", "readers"}}, number(subjects_.store.reads_pending()));
    exposition.sample({{"threads", "writer"}}, number(subjects_.store.writes_pending()));
    exposition.sample({{"threads", "workers"}}, number(upstream_counts().parsing));
}

// By how the cache answered them, those that there were.
boost::json::object IntrospectionRoutes::requests() const
{
    boost::json::object counts;
    for (std::size_t i = 0; i < Metrics::cache_results.size(); ++i)
        if (const auto count = subjects_.metrics.requests(i); count != 0)
            counts[Metrics::cache_results.at(i)] = count;
    return counts;
}

boost::json::object IntrospectionRoutes::upstream_requests() const
{
    const auto& upstream = upstream_counts();
    boost::json::object counts;
    for (std::size_t i = 0; i < UpstreamCounts::outcomes.size(); ++i)
        if (upstream.requests.at(i) != 0)
            counts[UpstreamCounts::outcomes.at(i)] = upstream.requests.at(i);
    counts["retries"] = upstream.retries;
    return counts;
}

awaitable<Response> IntrospectionRoutes::status(Request& request)
{
    auto usage = co_await measure();
    if (!usage)
        co_return problem(usage.error(), request.target);
    const auto& hot = subjects_.renderings.hot();
    const boost::json::object document{
        {"version", facts_.version},
        {"started_at", format_rfc3339(started_)},
        {"uptime_seconds", std::chrono::floor<std::chrono::seconds>(subjects_.clock.now() - started_).count()},
        {"addresses", boost::json::value_from(facts_.addresses)},
        {"offline", subjects_.batches.offline()},
        {"upstream", facts_.upstream},
        {"key", facts_.key.empty() ? "the clients' own" : facts_.key},
        {"flights", subjects_.batches.flights()},
        {"connections", subjects_.sessions.open},
        {"requests", requests()},
        {"upstream_requests", upstream_requests()},
        {"memory",
         {{"resident_bytes", static_cast<std::uint64_t>(usage->process.resident_bytes)},
          {"held_bytes", subjects_.batches.held_bytes()}}},
        {"store",
         {{"directory", facts_.data_dir},
          {"bytes", usage->store_bytes},
          {"quota_bytes", subjects_.batches.bounds().quota()},
          {"free_disk_bytes", usage->free_disk_bytes},
          {"complaint", complaint_of(subjects_.batches.store_health())},
          {"pending_reads", subjects_.store.reads_pending()},
          {"pending_writes", subjects_.store.writes_pending()}}},
        {"hot",
         {{"answers", hot.size()},
          {"bytes", hot.bytes()},
          {"hits", hot.counts().hits},
          {"misses", hot.counts().misses}}}};
    co_return uncached(document);
}

} // namespace nomadic::proxy
