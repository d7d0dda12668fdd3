#pragma once

// What upstream says of a batch's status: asked once however many want to know, at most once in a poll interval, and
// only for what has changed where it gave something to ask by. Loop thread.

#include "cache/async_store.hpp"
#include "proxy/service/newest_snapshots.hpp"
#include "proxy/service/questions.hpp"
#include "proxy/service/remembered.hpp"
#include "proxy/service/running_batches.hpp"

namespace nomadic::proxy {

class Statuses {
public:
    using Pointer = std::shared_ptr<const StatusAnswer>;

    Statuses(std::chrono::milliseconds poll_interval, cache::AsyncStore& store, Upstream& upstream, const Clock& clock,
             const asio::any_io_executor& executor, NewestSnapshots& newest)
        : store_(store), upstream_(upstream), newest_(newest), running_(poll_interval, clock), questions_(executor)
    {}

    awaitable<Result<Pointer>> ask(cache::Key key, Asker asker);
    // Whoever asks next is told by upstream.
    void forget(const cache::Key& key) { running_.forget(key); }
    // The same, and what is on its way is from before a write.
    void supersede(const cache::Key& key);

    // `snapshot` has been made of, or confirmed by, a status that can be asked for by these.
    void know(const cache::Key& key, std::int64_t snapshot, Validators validators);
    // A snapshot's own; null when it can't be had.
    awaitable<std::shared_ptr<const batch::StatusDocument>> stored(std::int64_t snapshot);

private:
    struct Validated {
        std::int64_t snapshot = 0; // whose status document they stand for
        Validators validators;
    };
    using Flight = Questions<Pointer>::FlightPointer;
    awaitable<Result<Pointer>> ask_upstream(cache::Key key, Asker asker, Flight flight);

    cache::AsyncStore& store_;
    Upstream& upstream_;
    NewestSnapshots& newest_;
    RunningBatches running_;
    Questions<Pointer> questions_;
    Remembered<Validated> validated_;
};

} // namespace nomadic::proxy
