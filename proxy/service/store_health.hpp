#pragma once

// Whether the store takes what it is given. While it does not, the daemon answers from upstream and says so: in the log
// once, in /readyz, /v1/status and the metrics for as long as it lasts. Loop thread.

#include "base/error.hpp"

#include <optional>
#include <string>

namespace nomadic::proxy {

class StoreHealth {
public:
    void failed(const Failure& failure);
    void worked();
    // What is the matter; empty while all is well.
    const std::optional<std::string>& complaint() const { return complaint_; }
    std::uint64_t failures() const { return failures_; } // since the start

private:
    std::optional<std::string> complaint_;
    std::uint64_t failures_ = 0;
};

} // namespace nomadic::proxy
