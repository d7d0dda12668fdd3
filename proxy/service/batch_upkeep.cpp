// What becomes of the batches that are stored: made stale by a write, purged, pinned, evicted, healed.

#include "proxy/service/batch_service.hpp"

#include "base/log.hpp"

#include <limits>

namespace nomadic::proxy {

using cache::Key;
using cache::Snapshot;
using cache::Store;

awaitable<void> BatchService::invalidate(std::vector<std::string> names)
{
    if (refresher_)
        refresher_->supersede_named(names);
    // In the writer's turn: a fetch that was about to be published when it was overtaken is to be found too.
    auto find = [names](Store& store) { return store.named_by(names); };
    auto keys = co_await store_.write(find);
    if (!keys) {
        log::error("a write could not be matched with what is stored", {{"error", keys.error().detail}});
        co_return;
    }
    for (const auto& key : *keys) {
        if (refresher_)
            refresher_->supersede(key);
        co_await newest_.distrust(key);
    }
}

awaitable<Result<bool>> BatchService::purge(Key key)
{
    if (refresher_)
        refresher_->supersede(key);
    newest_.forget(key);
    auto remove = [key](Store& store) { return store.purge(key); };
    auto purged = co_await store_.write(remove);
    if (refresher_)
        refresher_->supersede(key); // what began before the writer's turn has lost its rows
    newest_.forget(key);
    asio::co_spawn(executor_, sweep(key), asio::detached);
    co_return purged;
}

awaitable<Result<void>> BatchService::pin(Key key, bool pinned)
{
    auto set = [key, pinned](Store& store) { return store.pin(key, pinned); };
    auto done = co_await store_.write(std::move(set));
    newest_.forget(key);
    co_return done;
}

// After each batch that was stored: its history trimmed, and the least recently used batches gone if it took too much.
awaitable<void> BatchService::keep_bounds(Key key)
{
    std::vector<std::pair<Key, TimePoint>> reads(reads_.begin(), reads_.end());
    reads_.clear();
    auto work = [key, reads = std::move(reads), keep = history_.keep,
                 oldest = clock_.now() - history_.max_age](Store& store) -> Result<void> {
        if (auto trimmed = store.trim_history(key, keep, oldest); !trimmed)
            return trimmed;
        return store.used(reads);
    };
    auto trimmed = co_await store_.write(std::move(work));
    if (!trimmed)
        log::error("the store's bounds could not be kept", {{"error", trimmed.error().detail}});
    co_await sweep(key);
}

// Rows that can't even be removed say that more than a batch is damaged.
awaitable<void> BatchService::sweep(Key key)
{
    auto swept = co_await bounds_.sweep();
    if (swept)
        co_return;
    health_.failed(swept.error());
    if (cache::is_damage(swept.error()) && !offline())
        co_await heal(key, nullptr);
}

// What is damaged goes, and what upstream has just given takes its place. Where not even that can be done, or it can't
// be told what is damaged (`held` is null), all of the database is set aside.
awaitable<void> BatchService::heal(Key key, std::shared_ptr<const HeldBatch> held)
{
    auto replace = [key, held, now = clock_.now()](Store& store) -> Result<void> {
        if (!held) {
            if (auto found = store.find(key); !found)
                return found.error();
            auto removed = store.evict(std::numeric_limits<std::uint64_t>::max());
            return removed ? Result<void>{} : Result<void>(removed.error());
        }
        if (auto purged = store.purge(key); !purged)
            return purged.error();
        auto writer = store.begin(key);
        if (!writer)
            return writer.error();
        if (auto added = (*writer)->add(held->records); !added)
            return added;
        auto stored = (*writer)->commit(held->status, now);
        if (!stored)
            return stored.error();
        // In a damaged database what has just been written may be lost already.
        return store.read(stored->id, {}, cache::WithSource::yes, [](const batch::VideoRecord&) { return true; });
    };
    struct Healed {
        Result<void> outcome;
        std::string aside; // the name of the damaged database, if it had to go
    };
    // All in one turn: whoever heals beside this finds the database that this has begun.
    auto work = [replace, now = clock_.now()](Store& store) {
        Healed healed{.outcome = replace(store), .aside = {}};
        if (healed.outcome || !cache::is_damage(healed.outcome.error()))
            return healed;
        auto aside = store.begin_anew(now);
        if (!aside)
            return healed;
        healed.aside = std::move(*aside);
        healed.outcome = replace(store);
        return healed;
    };
    const auto healed = co_await store_.write(work);
    if (!healed.aside.empty()) {
        newest_.forget_all();
        log::error("the database is damaged; it was set aside and a fresh one begun", {{"name", healed.aside}});
    }
    newest_.forget(key);
    if (!healed.outcome) {
        health_.failed(healed.outcome.error());
        co_return;
    }
    health_.worked();
    if (held)
        log::warn("a damaged batch was replaced by what the upstream has", {{"batch_id", key.batch_id}});
}

} // namespace nomadic::proxy
