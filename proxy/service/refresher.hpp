#pragma once

// Brings what is stored up to date with upstream: one flight per batch, however many wait for it. Loop thread.

#include "base/clock.hpp"
#include "config/settings.hpp"
#include "proxy/service/fetch.hpp"
#include "proxy/service/newest_snapshots.hpp"
#include "proxy/service/questions.hpp"
#include "proxy/service/remembered.hpp"
#include "proxy/service/statuses.hpp"

#include <functional>
#include <span>

namespace nomadic::proxy {

// Whether an unchanged status document may be enough (cache.revalidate), or every analysis is asked for.
enum class Depth { as_configured, full };

class Refresher {
public:
    Refresher(const config::Settings& settings, cache::AsyncStore& store, Upstream& upstream, const Clock& clock,
              const asio::any_io_executor& executor, NewestSnapshots& newest, Bounds& bounds, StoreHealth& health);

    // Waits for the flight of `key`. A caller that goes away ends only its own waiting.
    awaitable<Said<Fetched>> refresh(cache::Key key, Asker asker, Depth depth);
    // Nobody waits; says in the log when it fails.
    void refresh_behind(cache::Key key, Asker asker);
    // In memory only: whatever its status, and never stored.
    awaitable<Said<Fetched>> hold(cache::Key key, Asker asker);

    // A write went through, or the batch is gone: what is on its way is from before it.
    void supersede(const cache::Key& key);
    // The same for every batch on its way that one of these names: its own id, or that of a video or an analysis.
    void supersede_named(std::span<const std::string> names);
    // Upstream's last status of a batch, while it is younger than the poll interval; else it is asked for.
    awaitable<Result<std::shared_ptr<const batch::StatusDocument>>> status(cache::Key key, Asker asker);
    // Since the last refresh, if that failed (a refusal is no failure).
    std::optional<std::chrono::milliseconds> since_failure(const cache::Key& key) const;
    const ExchangeLog* find_exchange_log(const cache::Key& key) const; // null when nothing was asked lately

    // Called after each flight that brought something into the store or confirmed what was there.
    std::function<void(const cache::Snapshot&)> on_stored = [](const cache::Snapshot&) {};
    // Called when what upstream gave could not be stored because the store is damaged.
    std::function<void(const cache::Key&, std::shared_ptr<const HeldBatch>)> on_damage = [](const auto&, auto) {};

    bool is_flying(const cache::Key& key) const { return flights_.find(key) != nullptr; }
    std::size_t flights() const { return flights_.size(); }
    std::uint64_t held_bytes() const { return fetcher_.held_bytes(); } // memory of batches that are not in the store
    std::optional<Progress> progress_of(const cache::Key& key) const;  // while it is being fetched

private:
    using Flights = Questions<Fetched>;

    Flights::Work bringing(const cache::Key& key, const Asker& asker, Depth depth);
    awaitable<Result<Fetched>> fly(cache::Key key, Asker asker, Depth depth, Flights::FlightPointer flight);
    awaitable<Result<Fetched>> bring_analyses(cache::Key key, Asker asker, Statuses::Pointer status,
                                              Flights::FlightPointer flight);
    awaitable<Result<Fetched>> bring(cache::Key key, Asker asker, Depth depth, Flights::FlightPointer flight);
    awaitable<std::optional<Fetched>> confirm(cache::Key key, Statuses::Pointer status);
    bool status_is_enough(const cache::Snapshot& had) const;
    awaitable<void> judge(cache::Key key, const Failure& failure);
    std::shared_ptr<ExchangeLog> exchange_log(const cache::Key& key);
    static awaitable<void> watch_behind(Flights::FlightPointer flight, cache::Key key);

    std::chrono::milliseconds poll_interval_;
    config::Revalidation revalidation_;
    cache::AsyncStore& store_;
    const Clock& clock_;
    asio::any_io_executor executor_;
    NewestSnapshots& newest_;
    Fetcher fetcher_;
    Flights flights_;
    Statuses statuses_;
    Questions<Fetched> held_;
    struct UnderWay {
        cache::Key key;
        Statuses::Pointer status; // null until upstream has said it
        std::shared_ptr<Progress> progress = std::make_shared<Progress>();
        std::uint64_t retries_before = 0; // for the same batch
    };
    std::map<Flights::FlightPointer, UnderWay> under_way_;
    // All of a batch has to be fetched to see that there is no room for it: not for each who asks.
    struct Refused {
        TimePoint at;
        Failure failure;
    };
    Remembered<Refused> no_room_;
    Remembered<TimePoint> failures_;
    Remembered<std::shared_ptr<ExchangeLog>> logs_;
};

// 409 with the batch's status and progress.
Failure not_completed(const batch::StatusDocument& status, std::chrono::milliseconds poll_interval);

} // namespace nomadic::proxy
