#pragma once

// What upstream last said of batches that are being looked at: however many tools poll a running batch, upstream sees
// at most one status request per poll interval. Nothing here is ever stored. Loop thread.

#include "base/clock.hpp"
#include "cache/key.hpp"
#include "proxy/upstream/upstream.hpp"

#include <map>
#include <memory>

namespace nomadic::proxy {

class RunningBatches {
public:
    RunningBatches(std::chrono::milliseconds poll_interval, const Clock& clock)
        : poll_interval_(poll_interval), clock_(clock)
    {}

    // The last status, while it is younger than the poll interval.
    std::shared_ptr<const StatusAnswer> find(const cache::Key& key) const;
    void seen(const cache::Key& key, std::shared_ptr<const StatusAnswer> status);
    void forget(const cache::Key& key) { seen_.erase(key); }

private:
    struct Seen {
        TimePoint at;
        std::shared_ptr<const StatusAnswer> status;
    };

    bool young(const Seen& seen) const { return clock_.now() - seen.at < poll_interval_; }

    std::chrono::milliseconds poll_interval_;
    const Clock& clock_;
    std::map<cache::Key, Seen> seen_;
};

} // namespace nomadic::proxy
