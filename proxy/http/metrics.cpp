#include "proxy/http/metrics.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

constexpr std::size_t fresh_hit = 0, stale_hit = 1, none = Metrics::cache_results.size() - 1;

std::size_t cache_result(const Response& response)
{
    auto status = response.fields.get("Cache-Status");
    if (const auto ours = status.rfind("nomadic-cached;"); ours != std::string_view::npos)
        status.remove_prefix(ours); // what comes before is another cache's
    if (status.find("; hit") != std::string_view::npos)
        // RFC 9111, 4.2: fresh while its lifetime exceeds its age.
        return status.find("; ttl=-") == status.npos && status.find("; ttl=0") == status.npos ? fresh_hit : stale_hit;
    const auto forward = status.find("fwd=");
    if (forward == std::string_view::npos)
        return none;
    auto why = status.substr(forward + 4);
    why = why.substr(0, why.find(';'));
    const auto known = std::find(Metrics::cache_results.begin(), Metrics::cache_results.end(), why);
    return known == Metrics::cache_results.end() ? none
                                                 : static_cast<std::size_t>(known - Metrics::cache_results.begin());
}

} // namespace

Metrics::Series Metrics::series(const Request& request, const Response& response)
{
    auto route = routes_.find(std::string_view(request.route));
    if (route == routes_.end())
        route = routes_.try_emplace(std::string(request.route)).first;
    auto& outcome = route->second.at(cache_result(response));
    return {outcome.statuses[response.status], outcome.durations};
}

std::uint64_t Metrics::requests(std::size_t cache_result) const
{
    std::uint64_t sum = 0;
    for (const auto& [route, outcomes] : routes_)
        for (const auto& [status, count] : outcomes.at(cache_result).statuses)
            sum += count;
    return sum;
}

void Metrics::expose(Exposition& exposition) const
{
    exposition.counter("nomadic_cached_requests_total", "Requests by route, cache result and status");
    for (const auto& [route, outcomes] : routes_)
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            for (const auto& [status, count] : outcomes.at(i).statuses)
                exposition.sample(
                    {{"cache", cache_results.at(i)}, {"route", route}, {"status", std::to_string(status)}},
                    static_cast<double>(count));
    exposition.histogram("nomadic_cached_request_duration_seconds",
                         "Time from a request's head to its answer's head, by route and cache result");
    for (const auto& [route, outcomes] : routes_)
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            if (!outcomes.at(i).statuses.empty())
                exposition.sample({{"cache", cache_results.at(i)}, {"route", route}}, outcomes.at(i).durations);
}

} // namespace nomadic::proxy
