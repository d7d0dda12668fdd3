#pragma once

// Brings one whole batch from upstream into the store: status, every analysis, one commit. Nothing is visible before
// that. Loop thread; each step that blocks runs on the store's threads.

#include "base/clock.hpp"
#include "cache/async_store.hpp"
#include "proxy/service/answer.hpp"
#include "proxy/service/bounds.hpp"
#include "proxy/service/store_health.hpp"
#include "proxy/upstream/upstream.hpp"

namespace nomadic::proxy {

struct Fetched {
    cache::Snapshot snapshot;
    std::shared_ptr<const HeldBatch> held; // what is not stored
    bool stored = false;
    bool by_status_alone = false; // the status document had not changed, and that was believed to be enough
    bool damaged = false;         // the store refused because it is damaged
};

// How far a fetch has come.
struct Progress {
    std::uint64_t videos = 0; // that are here
    std::uint64_t total = 0;
    std::uint64_t retries = 0; // of requests to upstream
};

class Fetcher {
public:
    // What `bounds` has no room for is not stored; what is not stored is held in memory, up to `most_held_bytes` for
    // all batches that anybody still reads (beyond it: Errc::no_room).
    Fetcher(Upstream& upstream, cache::AsyncStore& store, const Clock& clock, Bounds& bounds, StoreHealth& health,
            std::uint64_t most_held_bytes)
        : upstream_(upstream), store_(store), clock_(clock), bounds_(bounds), health_(health), held_(most_held_bytes)
    {}

    // `age` is how old the status was already when it came. `still_wanted` is asked once everything is there and before
    // the commit: no means that a write has overtaken this fetch, and what it brings is dropped (Errc::cancelled).
    awaitable<Result<Fetched>> into_store(cache::Key key, Asker asker, batch::StatusDocument status,
                                          std::chrono::seconds age, std::function<bool()> still_wanted,
                                          std::shared_ptr<Progress> progress);
    // Never stored: held in memory, with its facts, so that routes treat it as any other.
    awaitable<Result<Fetched>> into_memory(cache::Key key, batch::StatusDocument status, Asker asker);
    std::uint64_t held_bytes() const { return held_.taken(); }

private:
    // Returns how old the oldest answer was. `refused` is set when it is the store that failed.
    awaitable<Result<std::chrono::seconds>> fill(std::shared_ptr<cache::SnapshotWriter> writer,
                                                 batch::StatusDocument& status, Asker asker,
                                                 std::shared_ptr<Progress> progress, std::optional<Failure>& refused);
    awaitable<Result<void>> add(std::shared_ptr<cache::SnapshotWriter> writer, std::vector<batch::VideoRecord> records);
    awaitable<Result<Fetched>> without_store(cache::Key key, Asker asker, batch::StatusDocument status, Failure why);

    Upstream& upstream_;
    cache::AsyncStore& store_;
    const Clock& clock_;
    Bounds& bounds_;
    StoreHealth& health_;
    HeldMemory held_;
};

} // namespace nomadic::proxy
