#pragma once

// What the upstream was asked and what came of it, for /metrics. Loop thread.

#include "proxy/http/exposition.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

struct UpstreamCounts {
    static constexpr std::array<std::string_view, 6> outcomes{"ok",           "refused", "rate_limited",
                                                              "server_error", "timeout", "failed"};

    std::array<std::uint64_t, outcomes.size()> requests{}; // attempts, by outcome
    Histogram durations;                                   // of attempts of our own, to the answer's last byte
    std::uint64_t retries = 0;
    std::uint64_t bytes_received = 0; // of bodies
    std::uint64_t parsing = 0;        // answers that wait for a worker or are being parsed: now

    void answered(unsigned status);
    void failed(const Failure& failure);
};

} // namespace nomadic::proxy
