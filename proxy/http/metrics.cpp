#include "proxy/http/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace nomadic::proxy {

namespace {

// "hit", or why the request went forward: "miss", "stale", "request", "bypass"; "none" for answers without a cache.
std::string cache_result(const Response& response)
{
    const auto status = response.fields.get("Cache-Status");
    if (status.find("; hit") != std::string_view::npos)
        return "hit";
    const auto forward = status.find("fwd=");
    if (forward == std::string_view::npos)
        return "none";
    const auto rest = status.substr(forward + 4);
    return std::string(rest.substr(0, rest.find(';')));
}

} // namespace

struct Metrics::Families {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                            .Name("nomadic_cached_requests_total")
                                                            .Help("Requests by route, cache result and status")
                                                            .Register(registry);
    prometheus::Family<prometheus::Histogram>& durations = prometheus::BuildHistogram()
                                                               .Name("nomadic_cached_request_duration_seconds")
                                                               .Help("Time from a request's head to its answer's head")
                                                               .Register(registry);
    const prometheus::Histogram::BucketBoundaries buckets{0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60};
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::request(const Request& request, const Response& response, std::chrono::steady_clock::duration took)
{
    const auto cache = cache_result(response);
    families_->requests.Add({{"route", request.route}, {"cache", cache}, {"status", std::to_string(response.status)}})
        .Increment();
    families_->durations.Add({{"route", request.route}, {"cache", cache}}, families_->buckets)
        .Observe(std::chrono::duration<double>(took).count());
}

void Metrics::gauge(const std::string& name, const std::string& help, double value)
{
    prometheus::BuildGauge().Name(name).Help(help).Register(families_->registry).Add({}).Set(value);
}

std::string Metrics::text() const
{
    return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

} // namespace nomadic::proxy
