#pragma once

// The last exchanges with upstream about one batch, for whoever asks why it is as it is. Bounded. Loop thread.

#include "base/clock.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace nomadic::proxy {

struct ExchangeSeen {
    TimePoint at; // when it was begun
    std::string method, target;
    unsigned status = 0; // 0: no answer came
    std::chrono::milliseconds took{0};
    std::uint64_t bytes = 0; // of the answer's body
};

class ExchangeLog {
public:
    void add(ExchangeSeen seen)
    {
        if (seen_.size() == most_kept)
            seen_.pop_front();
        seen_.push_back(std::move(seen));
    }
    const std::deque<ExchangeSeen>& seen() const { return seen_; } // oldest first

    void tried_again() { ++retries_; }
    std::uint64_t retries() const { return retries_; } // ever

private:
    static constexpr std::size_t most_kept = 20;
    std::deque<ExchangeSeen> seen_;
    std::uint64_t retries_ = 0;
};

} // namespace nomadic::proxy
