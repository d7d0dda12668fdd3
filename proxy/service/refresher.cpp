#include "proxy/service/refresher.hpp"

#include "base/log.hpp"

#include <boost/json.hpp>

#include <unordered_set>

namespace nomadic::proxy {

using cache::Key;
using cache::Snapshot;
using cache::Store;

Failure not_completed(const batch::StatusDocument& status, std::chrono::milliseconds poll_interval)
{
    Failure failure{.code = Errc::not_completed,
                    .detail = "Batch " + status.batch_id + " is not completed: its status is '" + status.status +
                              "'. Ask again later, or add allow_partial=true for what is there so far.",
                    .members = {{"batch_id", status.batch_id}, {"batch_status", status.status}},
                    .retry_after =
                        std::max(std::chrono::ceil<std::chrono::seconds>(poll_interval), std::chrono::seconds{1})};
    boost::system::error_code error;
    const auto document = boost::json::parse(status.source, error);
    if (!error && document.is_object())
        if (const auto* progress = document.get_object().if_contains("aggregated_progress"))
            failure.members["progress"] = *progress;
    return failure;
}

Refresher::Refresher(const config::Settings& settings, cache::AsyncStore& store, Upstream& upstream, const Clock& clock,
                     const asio::any_io_executor& executor, NewestSnapshots& newest, Bounds& bounds,
                     StoreHealth& health)
    : poll_interval_(settings.upstream.poll_interval),
      revalidation_(settings.cache.revalidate),
      store_(store),
      clock_(clock),
      executor_(executor),
      newest_(newest),
      fetcher_(upstream, store, clock, bounds, health, settings.cache.held_bytes),
      flights_(executor),
      statuses_(settings.upstream.poll_interval, store, upstream, clock, executor, newest),
      held_(executor)
{}

awaitable<Said<Fetched>> Refresher::refresh(Key key, Asker asker, Depth depth)
{
    const auto work = bringing(key, asker, depth);
    auto landed = co_await ask(flights_, key, asker.credential, work);
    // Who wants everything asked for is not served by a flight that others have started with less in mind.
    if (landed.outcome && landed.outcome->by_status_alone && depth == Depth::full)
        landed = co_await ask(flights_, key, asker.credential, work);
    co_return landed;
}

void Refresher::refresh_behind(Key key, Asker asker)
{
    auto [flight, role] = flights_.join(key, bringing(key, asker, Depth::as_configured), asker.credential);
    if (role == Role::leader)
        asio::co_spawn(executor_, watch_behind(std::move(flight), std::move(key)), asio::detached);
}

awaitable<void> Refresher::watch_behind(Flights::FlightPointer flight, Key key)
{
    auto fetched = co_await flight->wait();
    if (!fetched)
        log::warn("a stored batch could not be refreshed",
                  {{"batch_id", key.batch_id}, {"error", fetched.error().detail}});
}

awaitable<Said<Fetched>> Refresher::hold(Key key, Asker asker)
{
    asker.log = exchange_log(key);
    Questions<Fetched>::Work work = [this, key, asker](auto) -> awaitable<Result<Fetched>> {
        auto seen = co_await statuses_.ask(key, asker);
        if (!seen)
            co_return seen.error();
        co_return co_await fetcher_.into_memory(key, *(*seen)->document, asker);
    };
    auto held = co_await ask(held_, key, asker.credential, work);
    if (!held.outcome)
        co_await judge(key, held.outcome.error());
    co_return held;
}

void Refresher::supersede(const Key& key)
{
    flights_.supersede(key);
    statuses_.supersede(key);
    held_.supersede(key);
}

void Refresher::supersede_named(std::span<const std::string> names)
{
    const std::unordered_set<std::string_view> named(names.begin(), names.end());
    const auto is_named = [&named](const batch::VideoPointer& pointer) {
        const std::string_view quoted = pointer.analysis_id_json;
        return named.contains(pointer.video_id) ||
               (quoted.size() > 2 && named.contains(quoted.substr(1, quoted.size() - 2)));
    };
    std::vector<Key> overtaken;
    for (const auto& [flight, batch] : under_way_) {
        const auto holds_named = [&](const Statuses::Pointer& status) {
            const auto& videos = status->document->videos;
            return std::any_of(videos.begin(), videos.end(), is_named);
        };
        if (named.contains(batch.key.batch_id) || (batch.status && holds_named(batch.status)))
            overtaken.push_back(batch.key);
    }
    for (const auto& key : overtaken)
        supersede(key);
}

awaitable<Result<std::shared_ptr<const batch::StatusDocument>>> Refresher::status(Key key, Asker asker)
{
    asker.log = exchange_log(key);
    auto seen = co_await statuses_.ask(key, asker);
    if (!seen)
        co_return seen.error();
    co_return (*seen)->document;
}

std::optional<std::chrono::milliseconds> Refresher::since_failure(const Key& key) const
{
    const auto* failed_at = failures_.find(key);
    if (failed_at == nullptr)
        return std::nullopt;
    return std::chrono::floor<std::chrono::milliseconds>(clock_.now() - *failed_at);
}

const ExchangeLog* Refresher::find_exchange_log(const Key& key) const
{
    const auto* log = logs_.find(key);
    return log == nullptr ? nullptr : log->get();
}

std::shared_ptr<ExchangeLog> Refresher::exchange_log(const Key& key)
{
    auto& log = logs_.of(key);
    if (!log)
        log = std::make_shared<ExchangeLog>();
    return log;
}

std::optional<Progress> Refresher::progress_of(const Key& key) const
{
    for (const auto& [flight, batch] : under_way_)
        if (batch.key == key && batch.status) {
            auto progress = *batch.progress;
            if (const auto* log = find_exchange_log(key))
                progress.retries = log->retries() - std::min(log->retries(), batch.retries_before);
            return progress;
        }
    return std::nullopt;
}

Refresher::Flights::Work Refresher::bringing(const Key& key, const Asker& asker, Depth depth)
{
    auto noted = asker;
    noted.log = exchange_log(key);
    return
        [this, key, noted, depth](Flights::FlightPointer flight) { return fly(key, noted, depth, std::move(flight)); };
}

awaitable<Result<Fetched>> Refresher::fly(Key key, Asker asker, Depth depth, Flights::FlightPointer flight)
{
    under_way_[flight] = {.key = key, .status = nullptr, .retries_before = exchange_log(key)->retries()};
    auto fetched = co_await bring(key, asker, depth, flight);
    under_way_.erase(flight);
    if (flight->superseded()) {
        // What those who wait get must not be older than the write that overtook us.
        const auto again = bringing(key, asker, Depth::full);
        auto newer = co_await ask(flights_, key, asker.credential, again);
        co_return newer.outcome;
    }
    if (!fetched) {
        co_await judge(key, fetched.error());
        co_return fetched;
    }
    failures_.erase(key);
    if (fetched->stored) {
        newest_.know(fetched->snapshot);
        on_stored(fetched->snapshot);
    }
    if (fetched->damaged)
        on_damage(key, fetched->held);
    co_return fetched;
}

awaitable<Result<Fetched>> Refresher::bring(Key key, Asker asker, Depth depth, Flights::FlightPointer flight)
{
    if (depth == Depth::full)
        statuses_.forget(key); // who insists on upstream's word wants today's
    auto seen = co_await statuses_.ask(key, asker);
    if (!seen)
        co_return seen.error();
    const auto& answer = **seen;
    if (!answer.document->completed())
        co_return not_completed(*answer.document, poll_interval_);
    if (depth == Depth::as_configured) {
        auto confirmed = co_await confirm(key, *seen);
        if (confirmed) {
            statuses_.forget(key);
            co_return *confirmed;
        }
    }
    under_way_[flight].status = *seen;
    co_return co_await bring_analyses(key, asker, *seen, std::move(flight));
}

awaitable<Result<Fetched>> Refresher::bring_analyses(Key key, Asker asker, Statuses::Pointer status,
                                                     Flights::FlightPointer flight)
{
    if (const auto* refused = no_room_.find(key);
        refused != nullptr && clock_.now() - refused->at < *refused->failure.retry_after)
        co_return refused->failure;
    std::function<bool()> still_wanted = [flight] { return !flight->superseded(); };
    auto fetched = co_await fetcher_.into_store(key, asker, *status->document, status->age, std::move(still_wanted),
                                                under_way_[flight].progress);
    statuses_.forget(key);
    if (!fetched && fetched.error().code == Errc::no_room)
        no_room_.of(key) = {.at = clock_.now(), .failure = fetched.error()};
    if (fetched && fetched->stored)
        statuses_.know(key, fetched->snapshot.id, status->validators);
    co_return fetched;
}

bool Refresher::status_is_enough(const Snapshot& had) const
{
    switch (revalidation_) {
    case config::Revalidation::full:
        return false;
    case config::Revalidation::reviewed:
        return !had.stale && had.events[static_cast<std::size_t>(batch::Approval::pending)] == 0;
    case config::Revalidation::status:
        break;
    }
    return !had.stale;
}

// Whether what is stored stands, by its status document alone.
awaitable<std::optional<Fetched>> Refresher::confirm(Key key, Statuses::Pointer status)
{
    auto had = co_await newest_.find(key);
    if (!had || !*had || !status_is_enough(**had))
        co_return std::nullopt;
    const auto id = (*had)->id;
    const auto stored = co_await statuses_.stored(id);
    if (!stored || stored->source != status->document->source)
        co_return std::nullopt;
    auto touch = [key, id, now = clock_.now() - status->age](Store& store) { return store.confirm(key, id, now); };
    auto confirmed = co_await store_.write(touch);
    if (!confirmed || !*confirmed)
        co_return std::nullopt;
    statuses_.know(key, id, status->validators);
    co_return Fetched{.snapshot = std::move(**confirmed), .held = nullptr, .stored = true, .by_status_alone = true};
}

// A refusal is an answer, and so is that a batch runs again: nobody may be served from here again before upstream has
// been asked. A failure is upstream's trouble, which is not made worse by asking at once again.
awaitable<void> Refresher::judge(Key key, const Failure& failure)
{
    if (failure.code == Errc::cancelled)
        co_return;
    if (!is_refusal(failure) && failure.code != Errc::not_completed) {
        failures_.of(key) = clock_.now();
        co_return;
    }
    auto had = co_await newest_.find(key);
    if (had && *had)
        co_await newest_.distrust(key);
}

} // namespace nomadic::proxy
