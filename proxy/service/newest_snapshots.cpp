#include "proxy/service/newest_snapshots.hpp"

#include "base/log.hpp"

namespace nomadic::proxy {

using cache::Key;
using cache::Snapshot;
using cache::Store;

namespace {

// A few hundred bytes each. Beyond it the map starts anew and the store answers.
constexpr std::size_t most_known = 16'384;

} // namespace

awaitable<Result<std::optional<Snapshot>>> NewestSnapshots::find(Key key)
{
    for (;;) {
        if (auto found = known_.find(key); found != known_.end())
            co_return found->second;
        const auto before = distrusts_;
        auto look = [key](Store& store) { return store.find(key); };
        auto stored = co_await store_.read(look);
        // A flight may have landed while the store was being asked: what it brought is newer.
        if (auto found = known_.find(key); found != known_.end())
            co_return found->second;
        if (before != distrusts_)
            continue;
        if (stored && *stored)
            know(**stored);
        co_return stored;
    }
}

void NewestSnapshots::know(const Snapshot& snapshot)
{
    if (known_.size() >= most_known)
        known_.clear();
    known_[snapshot.key] = snapshot;
    on_change();
}

void NewestSnapshots::forget(const Key& key)
{
    known_.erase(key);
    on_change();
}

void NewestSnapshots::forget_all()
{
    known_.clear();
    on_change();
}

awaitable<void> NewestSnapshots::distrust(Key key)
{
    mark_stale(key);
    auto mark = [key](Store& store) { return store.invalidate(key); };
    auto done = co_await store_.write(mark);
    mark_stale(key);
    if (!done)
        log::error("that a batch must be asked for again could not be noted in the store; it is in memory",
                   {{"batch_id", key.batch_id}, {"error", done.error().detail}});
}

void NewestSnapshots::mark_stale(const Key& key)
{
    ++distrusts_;
    if (auto found = known_.find(key); found != known_.end())
        found->second.stale = true;
    on_change();
}

} // namespace nomadic::proxy
