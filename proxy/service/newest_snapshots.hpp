#pragma once

// The newest state of each batch that was asked for lately, so that a hit needs no query. What is here is what the
// store has, but for one thing: a state that must not be served any more is known so here before the store has noted
// it. Loop thread.

#include "cache/async_store.hpp"

#include <functional>
#include <map>

namespace nomadic::proxy {

class NewestSnapshots {
public:
    explicit NewestSnapshots(cache::AsyncStore& store) : store_(store) {}

    awaitable<Result<std::optional<cache::Snapshot>>> find(cache::Key key);
    void know(const cache::Snapshot& snapshot);
    void forget(const cache::Key& key);
    void forget_all();
    // From now on upstream has to be asked before it is served. Done when that also holds after a restart.
    awaitable<void> distrust(cache::Key key);

    // Called whenever what find() gives may have changed.
    std::function<void()> on_change = [] {};

private:
    void mark_stale(const cache::Key& key);

    cache::AsyncStore& store_;
    std::map<cache::Key, cache::Snapshot> known_; // bounded
    std::uint64_t distrusts_ = 0;                 // so far: what was read from the store meanwhile is read again
};

} // namespace nomadic::proxy
