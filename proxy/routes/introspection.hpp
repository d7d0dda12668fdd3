#pragma once

// What the daemon says of itself: /metrics, /v1/status, /openapi.json. Loop thread.

#include "cache/async_store.hpp"
#include "proxy/http/metrics.hpp"
#include "proxy/http/router.hpp"
#include "proxy/net/session.hpp"
#include "proxy/routes/process_metrics.hpp"
#include "proxy/service/batch_service.hpp"
#include "proxy/service/renderings.hpp"
#include "proxy/upstream/counts.hpp"

namespace nomadic::proxy {

class IntrospectionRoutes {
public:
    // What is looked at; all of it outlives the routes.
    struct Subjects {
        const Metrics& metrics;
        BatchService& batches;
        const Renderings& renderings;
        cache::AsyncStore& store;
        const UpstreamCounts* upstream; // null offline
        const SessionContext& sessions;
        const Clock& clock;
    };
    // What stays as it was at the start.
    struct Facts {
        std::string version;
        std::string upstream; // its URL; "" offline
        std::string key;      // where the daemon's key came from; "" when clients use their own
        std::string data_dir;
        std::vector<std::string> addresses;
    };

    IntrospectionRoutes(Subjects subjects, Facts facts)
        : subjects_(subjects), facts_(std::move(facts)), started_(subjects.clock.now())
    {}
    void add_to(Router& router);
    // Known once the sockets listen.
    void set_addresses(std::vector<std::string> addresses) { facts_.addresses = std::move(addresses); }

private:
    struct Usage {
        std::uint64_t store_bytes = 0;
        std::uint64_t free_disk_bytes = 0;
        ProcessUsage process;
    };
    awaitable<Result<Usage>> measure();
    awaitable<Response> metrics(Request& request);
    awaitable<Response> status(Request& request);
    const UpstreamCounts& upstream_counts() const;
    boost::json::object requests() const;
    boost::json::object upstream_requests() const;
    void expose_upstream(Exposition& exposition) const;
    void expose_cache(const Usage& usage, Exposition& exposition) const;
    void expose_connections(Exposition& exposition) const;

    Subjects subjects_;
    Facts facts_;
    TimePoint started_;
};

} // namespace nomadic::proxy
