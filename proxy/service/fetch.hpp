#pragma once

// Brings one whole batch from upstream into the store: status, every analysis, one commit. Nothing is visible before
// that. Loop thread; each step that blocks runs on the store's threads.

#include "base/clock.hpp"
#include "cache/async_store.hpp"
#include "proxy/service/answer.hpp"
#include "proxy/upstream/upstream.hpp"

namespace nomadic::proxy {

struct Fetched {
    cache::Snapshot snapshot;
    std::shared_ptr<const HeldBatch> held; // the store refused: here it is all the same, in memory
    bool stored = false;
    bool by_status_alone = false; // the status document had not changed, and that was believed to be enough
};

class Fetcher {
public:
    // With less than `min_free_disk` bytes left on the disk nothing is stored.
    Fetcher(Upstream& upstream, cache::AsyncStore& store, const Clock& clock, std::uint64_t min_free_disk)
        : upstream_(upstream), store_(store), clock_(clock), min_free_disk_(min_free_disk)
    {}

    // `age` is how old the status was already when it came. `still_wanted` is asked once everything is there and before
    // the commit: no means that a write has overtaken this fetch, and what it brings is dropped (Errc::cancelled).
    awaitable<Result<Fetched>> into_store(cache::Key key, Asker asker, batch::StatusDocument status,
                                          std::chrono::seconds age, std::function<bool()> still_wanted);
    // Never stored.
    awaitable<Result<std::shared_ptr<const HeldBatch>>> into_memory(batch::StatusDocument status, Asker asker);

private:
    awaitable<Result<Fetched>> without_store(cache::Key key, Asker asker, batch::StatusDocument status, Failure why);

    Upstream& upstream_;
    cache::AsyncStore& store_;
    const Clock& clock_;
    std::uint64_t min_free_disk_;
};

// The facts of a batch that is only in memory, so that routes treat it as any other.
cache::Snapshot describe(const cache::Key& key, const HeldBatch& held, TimePoint now);

} // namespace nomadic::proxy
