#pragma once

// The one use case: give me this batch. Every endpoint that reads a batch comes through here, so there is one flight
// per batch, one freshness rule and one partition rule, whatever the endpoint. Loop thread.

#include "base/clock.hpp"
#include "cache/async_store.hpp"
#include "cache/freshness.hpp"
#include "config/settings.hpp"
#include "proxy/service/answer.hpp"
#include "proxy/service/credentials.hpp"
#include "proxy/service/refresher.hpp"

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
    // The newest state, from the store alone; Errc::not_found says how to get one.
    awaitable<Result<cache::Snapshot>> stored(Identity identity, std::string batch_id);
    // From upstream and past the store, of which `why` says what is the matter: a client sees no error because of it.
    awaitable<Result<Answer>> around_store(Want want, Failure why);
    // Asks upstream now, whatever is stored.
    awaitable<Result<Answer>> refresh(Want want);

    // As a reader who finds it stale would, whatever is stored: for those who watch it.
    awaitable<Result<void>> revalidate(cache::Key key, Want want);
    // Called with what each flight has stored or confirmed.
    std::function<void(const cache::Snapshot&)> on_stored = [](const cache::Snapshot&) {};

    // The status document: from the store when the batch is there and fresh, else what upstream says. That a batch is
    // completed is said only when all of it could be fetched.
    struct StatusSeen {
        std::shared_ptr<const batch::StatusDocument> document;
        Provenance provenance;
    };
    awaitable<Result<StatusSeen>> status(Want want);

    // A write went through that named these, be they ids of batches, of videos, of analyses or of nothing here: the
    // next read of whatever batch of whosever asks upstream. Done when the promise holds.
    awaitable<void> invalidate(std::vector<std::string> names);
    awaitable<Result<bool>> purge(cache::Key key);
    // A pinned batch is never evicted.
    awaitable<Result<void>> pin(cache::Key key, bool pinned);
    // The store has got another state of it, and not from here.
    void forget(const cache::Key& key) { newest_.forget(key); }

    // The key under which an identity's batch is, or would be, stored.
    awaitable<cache::Key> locate(Identity identity, std::string batch_id);

    // Why a plain request would be answered as it would be now.
    struct Explanation {
        cache::Key key;
        std::optional<cache::Snapshot> snapshot;
        cache::Policy policy;
        cache::Decision decision;
        bool flying = false;                 // it is being fetched right now
        std::optional<TimePoint> failed_at;  // the last refresh, if that failed
        std::vector<ExchangeSeen> exchanges; // oldest first
    };
    awaitable<Result<Explanation>> explain(Identity identity, std::string batch_id);

    // How a plain request would find it now.
    cache::Decision freshness_of(const cache::Snapshot& snapshot) const;
    // Freshness, history and quota from now on. The rest stays as it was made.
    void reconfigure(const config::Settings& settings);
    // `changed` is called whenever the answer to a request may no longer be what it was.
    void on_change(std::function<void()> changed) { newest_.on_change = std::move(changed); }
    bool offline() const { return !refresher_; }
    Bounds& bounds() { return bounds_; }
    const StoreHealth& store_health() const { return health_; }
    std::size_t flights() const { return refresher_ ? refresher_->flights() : 0; }
    std::uint64_t held_bytes() const { return refresher_ ? refresher_->held_bytes() : 0; }
    std::optional<Progress> progress_of(const cache::Key& key) const; // while it is being fetched

private:
    cache::Facts facts_of(const std::optional<cache::Snapshot>& snapshot) const;
    Answer stored_answer(const cache::Snapshot& snapshot, const cache::Decision& decision);

    awaitable<Result<Answer>> fetched_answer(Want want, cache::Key key, std::optional<cache::Snapshot> had);
    awaitable<Result<Answer>> held_answer(Want want, cache::Key key);
    // When upstream has failed, the rules are asked once more, now knowing it.
    Result<Answer> despite(const Failure& failure, const Want& want, const std::optional<cache::Snapshot>& had);
    awaitable<Result<StatusSeen>> stored_status(std::int64_t snapshot, Provenance provenance);
    awaitable<Failure> offline_miss(Want want);
    awaitable<Failure> offline_refresh(Want want);

    awaitable<void> keep_bounds(cache::Key key);
    awaitable<void> sweep(cache::Key key);
    awaitable<void> heal(cache::Key key, std::shared_ptr<const HeldBatch> held);

    cache::Policies policies_;
    config::History history_;
    std::chrono::milliseconds poll_interval_;
    cache::AsyncStore& store_;
    const Clock& clock_;
    asio::any_io_executor executor_;
    NewestSnapshots newest_;
    Bounds bounds_;
    StoreHealth health_;
    std::optional<Refresher> refresher_;    // none offline
    std::map<cache::Key, TimePoint> reads_; // since they were last written down; bounded
};

} // namespace nomadic::proxy
