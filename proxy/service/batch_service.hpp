#pragma once

// The one use case: give me this batch. Every endpoint that reads a batch comes through here, so there is one flight
// per batch, one freshness rule and one partition rule, whatever the endpoint. Loop thread.

#include "base/clock.hpp"
#include "cache/async_store.hpp"
#include "cache/freshness.hpp"
#include "config/settings.hpp"
#include "proxy/service/answer.hpp"
#include "proxy/service/credentials.hpp"
#include "proxy/service/fetch.hpp"
#include "proxy/service/running_batches.hpp"
#include "proxy/service/single_flight.hpp"

#include <functional>
#include <unordered_map>

namespace nomadic::proxy {

enum class Partial { refused, allowed };

struct Want {
    Identity identity;
    std::string batch_id;
    std::string request_id;
    cache::Directives directives;
    Partial partial = Partial::refused;
};

class BatchService {
public:
    // `upstream` is null offline.
    BatchService(const config::Settings& settings, cache::AsyncStore& store, Upstream* upstream, const Clock& clock,
                 const asio::any_io_executor& executor);

    // A whole, completed batch (or, if allowed, a partial one that is held in memory), or why there is none.
    awaitable<Result<Answer>> get(Want want);
    // An older state, from the store alone.
    awaitable<Result<Answer>> get_as_of(Want want, cache::AsOf as_of);
    awaitable<Result<cache::Snapshot>> find_as_of(cache::Key key, cache::AsOf as_of);
    // From upstream and past the store, of which `why` says what is the matter: a client sees no error because of it.
    awaitable<Result<Answer>> around_store(Want want, Failure why);
    // Asks upstream now, whatever is stored.
    awaitable<Result<Answer>> refresh(Want want);

    // The status document: from the store when the batch is there and fresh, else what upstream says. That a batch is
    // completed is said only when all of it could be fetched.
    struct StatusSeen {
        std::shared_ptr<const batch::StatusDocument> document;
        Provenance provenance;
    };
    awaitable<Result<StatusSeen>> status(Want want);

    // A write went through: the next read of these asks upstream. Done when the promise holds.
    awaitable<void> invalidate(cache::Key key);
    awaitable<Result<bool>> purge(cache::Key key);

    // The key under which an identity's batch is, or would be, stored.
    awaitable<cache::Key> locate(Identity identity, std::string batch_id);

    // How a plain request would find it now.
    cache::Decision freshness_of(const cache::Snapshot& snapshot) const
    {
        return cache::decide(facts_of(snapshot), {}, policy_);
    }
    // Freshness, history and quota from now on. The rest stays as it was made.
    void reconfigure(const config::Settings& settings);
    // `changed` is called whenever the answer to a request may no longer be what it was.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
    bool offline() const { return upstream_ == nullptr; }
    std::size_t flights() const { return flights_.size(); }
    std::uint64_t evictions() const { return evictions_; } // batches, since the start
    std::uint64_t disk_quota() const { return disk_quota_; }

private:
    using FlightPointer = SingleFlight<cache::Key, Fetched>::FlightPointer;

    awaitable<Result<std::optional<cache::Snapshot>>> newest(cache::Key key);
    void know(const cache::Snapshot& snapshot);
    cache::Facts facts_of(const std::optional<cache::Snapshot>& snapshot) const;
    Answer stored_answer(const cache::Snapshot& snapshot, const cache::Decision& decision);

    FlightPointer start(const cache::Key& key, const Asker& asker, Role& role);
    awaitable<Result<Fetched>> fetch(cache::Key key, Asker asker, FlightPointer flight);
    awaitable<Result<std::shared_ptr<const batch::StatusDocument>>> ask_status(cache::Key key, Asker asker);
    awaitable<Result<Answer>> fetched_answer(Want want, cache::Key key, std::optional<cache::Snapshot> had);
    awaitable<Result<Answer>> held_answer(Want want, cache::Key key);
    awaitable<void> refresh_behind(Want want, cache::Key key);
    awaitable<Failure> offline_miss(Want want);

    awaitable<void> keep_bounds(cache::Key key);

    std::function<void()> changed_ = [] {};
    cache::Policy policy_;
    config::History history_;
    std::uint64_t disk_quota_;
    std::uint64_t evictions_ = 0;
    std::chrono::milliseconds poll_interval_;
    cache::AsyncStore& store_;
    Upstream* upstream_;
    const Clock& clock_;
    asio::any_io_executor executor_;
    std::optional<Fetcher> fetcher_;
    SingleFlight<cache::Key, Fetched> flights_;
    SingleFlight<cache::Key, std::shared_ptr<const batch::StatusDocument>> statuses_;
    SingleFlight<cache::Key, std::shared_ptr<const HeldBatch>> held_;
    RunningBatches running_;
    std::map<cache::Key, cache::Snapshot> known_; // newest snapshots, so that a hit needs no query; bounded
    std::map<cache::Key, TimePoint> reads_;       // since they were last written down; bounded as known_
};

// 409 with the batch's status and progress.
Failure not_completed(const batch::StatusDocument& status, std::chrono::milliseconds poll_interval);

} // namespace nomadic::proxy
