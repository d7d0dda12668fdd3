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
    // The cache result is read off the answer's Cache-Status.
    void request(const Request& request, const Response& response, std::chrono::steady_clock::duration took);
    void expose(Exposition& exposition) const;

    // As in the `cache` label; `none` is for answers that have nothing to do with the cache.
    static constexpr std::array<std::string_view, 8> cache_results{"hit",    "miss",    "stale",  "request",
                                                                   "bypass", "partial", "method", "none"};

private:
    struct Outcome {
        std::map<unsigned, std::uint64_t> statuses;
        Histogram durations;
    };
    using Route = std::array<Outcome, cache_results.size()>;

    std::map<std::string, Route, std::less<>> routes_; // by pattern: as many as there are routes
};

} // namespace nomadic::proxy
