#pragma once

// Counts requests as they are answered: a hash and two indexes away, without an allocation once a route has been seen.
// No label holds anything that a client chose. Loop thread.

#include "proxy/http/exposition.hpp"
#include "proxy/http/message.hpp"

#include <chrono>
#include <map>

namespace nomadic::proxy {

class Metrics {
public:
    // What counts requests of one route with one outcome: found once, it counts at no cost. Lives as long as we do.
    class Series {
    public:
        void count(std::chrono::nanoseconds took) const
        {
            ++*requests_;
            durations_->observe(std::chrono::duration<double>(took).count());
        }

    private:
        friend class Metrics;
        Series(std::uint64_t& requests, Histogram& durations) : requests_(&requests), durations_(&durations) {}
        std::uint64_t* requests_;
        Histogram* durations_;
    };
    // The cache result is read off the answer's Cache-Status.
    Series series(const Request& request, const Response& response);
    void expose(Exposition& exposition) const;
    std::uint64_t requests(std::size_t cache_result) const; // of all routes; an index of cache_results

    // As in the `cache` label; `none` is for answers that have nothing to do with the cache.
    static constexpr std::array<std::string_view, 9> cache_results{"hit",    "stale_hit", "miss",   "stale", "request",
                                                                   "bypass", "partial",   "method", "none"};

private:
    struct Outcome {
        std::map<unsigned, std::uint64_t> statuses;
        Histogram durations;
    };
    using Route = std::array<Outcome, cache_results.size()>;

    std::map<std::string, Route, std::less<>> routes_; // by pattern: as many as there are routes
};

} // namespace nomadic::proxy
