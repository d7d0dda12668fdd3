#include "proxy/service/batch_service.hpp"

#include "base/log.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

using cache::Action;
using cache::Decision;
using cache::Key;
using cache::Snapshot;
using cache::Store;

namespace {

// Newest snapshots kept in memory; a few hundred bytes each. Beyond it the map starts anew and the store answers.
constexpr std::size_t most_known = 16'384;

bool is_refusal(const Failure& failure)
{
    return failure.code == Errc::unauthorized || failure.code == Errc::forbidden || failure.code == Errc::not_found;
}

Provenance hit(const Decision& decision)
{
    return {.forward = Provenance::Forward::none,
            .stored = false,
            .collapsed = false,
            .detail = decision.detail,
            .age = decision.age,
            .freshness_lifetime = decision.freshness_lifetime,
            .stale_while_revalidate = decision.stale_while_revalidate};
}

} // namespace

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

void BatchService::reconfigure(const config::Settings& settings)
{
    policy_ = cache::policy_from(settings.cache);
    history_ = settings.history;
    disk_quota_ = settings.cache.disk_quota;
}

BatchService::BatchService(const config::Settings& settings, cache::AsyncStore& store, Upstream* upstream,
                           const Clock& clock, const asio::any_io_executor& executor)
    : policy_(cache::policy_from(settings.cache)),
      history_(settings.history),
      disk_quota_(settings.cache.disk_quota),
      poll_interval_(settings.upstream.poll_interval),
      store_(store),
      upstream_(upstream),
      clock_(clock),
      executor_(executor),
      flights_(executor),
      statuses_(executor),
      held_(executor),
      running_(settings.upstream.poll_interval, clock)
{
    if (upstream_ != nullptr)
        fetcher_.emplace(*upstream_, store_, clock_, settings.cache.min_free_disk);
}

awaitable<Key> BatchService::locate(Identity identity, std::string batch_id)
{
    for (const auto& scope : identity.scopes) {
        Key key{scope, batch_id};
        auto found = co_await newest(key);
        if (found && *found)
            co_return key;
    }
    co_return Key{identity.scopes.empty() ? cache::Scope{} : identity.scopes.front(), std::move(batch_id)};
}

awaitable<Result<Answer>> BatchService::get(Want want)
{
    const Key key = co_await locate(want.identity, want.batch_id);
    auto had = co_await newest(key);
    // A store that can't be read is a miss: a client sees no error because of the cache.
    if (!had)
        log::error("the store could not be read", {{"batch_id", key.batch_id}, {"error", had.error().detail}});
    const auto snapshot = had ? *had : std::nullopt;

    const Decision decision = cache::decide(facts_of(snapshot), want.directives, policy_);
    switch (decision.action) {
    case Action::serve: {
        auto answer = stored_answer(*snapshot, decision);
        if (decision.age < decision.freshness_lifetime)
            answer.same_until =
                snapshot->validated_at + decision.age + std::chrono::seconds{1}; // then its Age moves on
        co_return answer;
    }
    case Action::serve_and_refresh:
        asio::co_spawn(executor_, refresh_behind(want, key), asio::detached);
        co_return stored_answer(*snapshot, decision);
    case Action::fail_offline:
        co_return co_await offline_miss(std::move(want));
    case Action::fetch:
        break;
    }
    if (want.directives.no_store && !snapshot)
        co_return co_await held_answer(std::move(want), key);
    co_return co_await fetched_answer(std::move(want), key, snapshot);
}

awaitable<Result<Snapshot>> BatchService::find_as_of(Key key, cache::AsOf as_of)
{
    auto find = [key, as_of](Store& store) { return store.find(key, as_of); };
    auto found = co_await store_.read(find);
    if (!found)
        co_return found.error();
    if (!*found)
        co_return Failure{.code = Errc::not_found,
                          .detail = "No state of batch " + key.batch_id +
                                    " is stored for that time or id. GET /v1/batches/" + key.batch_id +
                                    "/snapshots lists those there are.",
                          .members = {}};
    co_return **found;
}

awaitable<Result<Answer>> BatchService::get_as_of(Want want, cache::AsOf as_of)
{
    const Key key = co_await locate(want.identity, want.batch_id);
    auto found = co_await find_as_of(key, as_of);
    if (!found)
        co_return found.error();
    Provenance provenance{.age = std::chrono::floor<std::chrono::seconds>(clock_.now() - found->validated_at)};
    provenance.detail = "as-of";
    co_return Answer{.snapshot = *found, .held = nullptr, .provenance = std::move(provenance)};
}

awaitable<Result<Answer>> BatchService::refresh(Want want)
{
    const Key key = co_await locate(want.identity, want.batch_id);
    if (offline())
        co_return co_await offline_miss(std::move(want));
    Role role{};
    auto flight = start(key, {want.identity.credential, want.request_id}, role);
    auto fetched = co_await flight->wait();
    if (!fetched)
        co_return fetched.error();
    Provenance provenance{.forward = Provenance::Forward::request, .stored = fetched->stored};
    provenance.collapsed = role == Role::follower;
    co_return Answer{.snapshot = fetched->snapshot, .held = fetched->held, .provenance = std::move(provenance)};
}

// The caller waits for upstream; when that fails, the rules are asked once more, now knowing it.
awaitable<Result<Answer>> BatchService::fetched_answer(Want want, Key key, std::optional<Snapshot> had)
{
    Role role{};
    auto flight = start(key, {want.identity.credential, want.request_id}, role);
    auto fetched = co_await flight->wait();
    if (fetched) {
        Decision now = cache::decide(facts_of(fetched->snapshot), {}, policy_);
        Answer answer{.snapshot = fetched->snapshot, .held = fetched->held, .provenance = hit(now)};
        answer.provenance.forward = had ? Provenance::Forward::stale : Provenance::Forward::miss;
        if (want.directives.no_cache)
            answer.provenance.forward = Provenance::Forward::request;
        answer.provenance.detail.clear();
        answer.provenance.stored = fetched->stored;
        answer.provenance.collapsed = role == Role::follower;
        co_return answer;
    }
    const Failure& failure = fetched.error();
    if (failure.code == Errc::not_completed && want.partial == Partial::allowed)
        co_return co_await held_answer(std::move(want), key);
    if (!had || is_refusal(failure) || failure.code == Errc::not_completed || failure.code == Errc::cancelled)
        co_return failure;

    auto facts = facts_of(had);
    facts.upstream_failed = true;
    const Decision decision = cache::decide(facts, want.directives, policy_);
    if (decision.action != Action::serve)
        co_return failure;
    log::warn("upstream failed; a stored state is served in its place",
              {{"batch_id", key.batch_id}, {"error", failure.detail}});
    co_return stored_answer(*had, decision);
}

awaitable<Result<Answer>> BatchService::around_store(Want want, Failure why)
{
    log::error("a stored batch can't be read; it is answered from upstream",
               {{"batch_id", want.batch_id}, {"error", why.detail}});
    const Key key = co_await locate(want.identity, want.batch_id);
    co_return co_await held_answer(std::move(want), key);
}

// In memory only: a batch that is not completed (when the caller allows it), or that must not or can't be stored.
awaitable<Result<Answer>> BatchService::held_answer(Want want, Key key)
{
    const Asker asker{want.identity.credential, want.request_id};
    auto work = [this, key, asker](auto) -> awaitable<Result<std::shared_ptr<const HeldBatch>>> {
        auto status = co_await ask_status(key, asker);
        if (!status)
            co_return status.error();
        co_return co_await fetcher_->into_memory(**status, asker);
    };
    auto [flight, role] = held_.join(key, work);
    auto held = co_await flight->wait();
    if (!held)
        co_return held.error();
    const bool completed = (*held)->status.completed();
    if (!completed && want.partial == Partial::refused)
        co_return not_completed((*held)->status, poll_interval_);
    Answer answer{.snapshot = describe(key, **held, clock_.now()), .held = *held, .provenance = {}};
    answer.provenance.forward = Provenance::Forward::miss;
    answer.provenance.collapsed = role == Role::follower;
    answer.provenance.detail = completed ? "" : "partial";
    co_return answer;
}

awaitable<Result<BatchService::StatusSeen>> BatchService::status(Want want)
{
    const Key key = co_await locate(want.identity, want.batch_id);
    auto had = co_await newest(key);
    const auto snapshot = had ? *had : std::nullopt;
    Decision decision = cache::decide(facts_of(snapshot), want.directives, policy_);
    if (decision.action == Action::fail_offline)
        co_return co_await offline_miss(std::move(want));
    if (decision.action == Action::serve_and_refresh)
        asio::co_spawn(executor_, refresh_behind(want, key), asio::detached);

    if (decision.action == Action::fetch) {
        // A completed batch is announced only once all of it is there: a client that reads on would otherwise take a
        // chunk that fails for videos that failed.
        auto answer = co_await fetched_answer(want, key, snapshot);
        if (!answer) {
            auto running = running_.find(key);
            if (answer.error().code != Errc::not_completed || !running)
                co_return answer.error();
            co_return StatusSeen{.document = running, .provenance = {.forward = Provenance::Forward::stale}};
        }
        if (answer->held)
            co_return StatusSeen{.document = {answer->held, &answer->held->status}, .provenance = answer->provenance};
        auto read_status = [id = answer->snapshot.id](Store& store) { return store.status(id); };
        auto document = co_await store_.read(read_status);
        if (!document || !*document)
            co_return document
                ? Failure{.code = Errc::store_failed, .detail = "The batch has just been removed.", .members = {}}
                : document.error();
        co_return StatusSeen{.document = std::make_shared<const batch::StatusDocument>(std::move(**document)),
                             .provenance = answer->provenance};
    }
    auto read_status = [id = snapshot->id](Store& store) { return store.status(id); };
    auto document = co_await store_.read(read_status);
    if (!document)
        co_return document.error();
    if (!*document)
        co_return Failure{
            .code = Errc::store_failed, .detail = "The batch has just been removed. Ask again.", .members = {}};
    co_return StatusSeen{.document = std::make_shared<const batch::StatusDocument>(std::move(**document)),
                         .provenance = hit(decision)};
}

awaitable<void> BatchService::invalidate(Key key)
{
    if (auto found = known_.find(key); found != known_.end())
        found->second.stale = true;
    changed_();
    flights_.supersede(key);
    statuses_.supersede(key);
    running_.forget(key);
    auto mark = [key](Store& store) { return store.invalidate(key); };
    auto done = co_await store_.write(mark);
    if (!done)
        log::error("a write could not be noted in the store; it is in memory", {{"batch_id", key.batch_id}});
}

awaitable<Result<bool>> BatchService::purge(Key key)
{
    flights_.supersede(key);
    known_.erase(key);
    changed_();
    auto remove = [key](Store& store) { return store.purge(key); };
    auto purged = co_await store_.write(remove);
    known_.erase(key);
    changed_();
    co_return purged;
}

BatchService::FlightPointer BatchService::start(const Key& key, const Asker& asker, Role& role)
{
    auto work = [this, key, asker](FlightPointer flight) { return fetch(key, asker, std::move(flight)); };
    auto joined = flights_.join(key, work);
    role = joined.second;
    return joined.first;
}

awaitable<Result<Fetched>> BatchService::fetch(Key key, Asker asker, FlightPointer flight)
{
    auto status = co_await ask_status(key, asker);
    if (!status)
        co_return status.error();
    if (!(*status)->completed())
        co_return not_completed(**status, poll_interval_);

    std::function<bool()> still_wanted = [flight] { return !flight->superseded(); };
    auto fetched = co_await fetcher_->into_store(key, asker, **status, std::move(still_wanted));
    running_.forget(key);
    if (flight->superseded()) {
        // What those who wait get must not be older than the write that overtook us.
        Role role{};
        auto newer = start(key, asker, role);
        co_return co_await newer->wait();
    }
    if (fetched && fetched->stored) {
        know(fetched->snapshot);
        asio::co_spawn(executor_, keep_bounds(key), asio::detached);
    }
    co_return fetched;
}

awaitable<Result<std::shared_ptr<const batch::StatusDocument>>> BatchService::ask_status(Key key, Asker asker)
{
    if (auto seen = running_.find(key))
        co_return seen;
    auto work = [this, key, asker](auto) -> awaitable<Result<std::shared_ptr<const batch::StatusDocument>>> {
        auto answer = co_await upstream_->status(key.batch_id, asker);
        if (!answer)
            co_return answer.error();
        auto seen = std::make_shared<const batch::StatusDocument>(std::move(*answer));
        running_.seen(key, seen);
        co_return seen;
    };
    auto [flight, role] = statuses_.join(key, work);
    co_return co_await flight->wait();
}

awaitable<void> BatchService::refresh_behind(Want want, Key key)
{
    Role role{};
    auto flight = start(key, {want.identity.credential, want.request_id}, role);
    if (role == Role::follower)
        co_return;
    auto fetched = co_await flight->wait();
    if (fetched)
        co_return;
    log::warn("a stored batch could not be refreshed", {{"batch_id", key.batch_id}, {"error", fetched.error().detail}});
    // A refusal is an answer: nobody may be served from here again before upstream has been asked.
    if (is_refusal(fetched.error()))
        co_await invalidate(key);
}

awaitable<Result<std::optional<Snapshot>>> BatchService::newest(Key key)
{
    if (auto found = known_.find(key); found != known_.end())
        co_return found->second;
    auto find = [key](Store& store) { return store.find(key); };
    auto stored = co_await store_.read(find);
    // A flight may have landed while the store was being asked: what it brought is newer.
    if (auto found = known_.find(key); found != known_.end())
        co_return found->second;
    if (stored && *stored)
        know(**stored);
    co_return stored;
}

// After each batch that was stored: its history trimmed, and the least recently used batches gone if it took too much.
awaitable<void> BatchService::keep_bounds(Key key)
{
    std::vector<std::pair<Key, TimePoint>> reads(reads_.begin(), reads_.end());
    reads_.clear();
    auto work = [key, reads = std::move(reads), keep = history_.keep, oldest = clock_.now() - history_.max_age,
                 quota = disk_quota_](Store& store) -> Result<std::vector<Key>> {
        if (auto trimmed = store.trim_history(key, keep, oldest); !trimmed)
            return trimmed.error();
        if (auto noted = store.used(reads); !noted)
            return noted.error();
        return store.evict(quota);
    };
    auto evicted = co_await store_.write(std::move(work));
    if (!evicted) {
        log::error("the store's bounds could not be kept", {{"error", evicted.error().detail}});
        co_return;
    }
    evictions_ += evicted->size();
    for (const auto& gone : *evicted) {
        known_.erase(gone);
        changed_();
        log::info("a batch was evicted to stay within cache.disk_quota", {{"batch_id", gone.batch_id}});
    }
}

void BatchService::know(const Snapshot& snapshot)
{
    if (known_.size() >= most_known)
        known_.clear();
    known_[snapshot.key] = snapshot;
    changed_();
}

cache::Facts BatchService::facts_of(const std::optional<Snapshot>& snapshot) const
{
    cache::Facts facts;
    facts.offline = offline();
    if (!snapshot)
        return facts;
    facts.has_snapshot = true;
    facts.age = std::chrono::floor<std::chrono::seconds>(clock_.now() - snapshot->validated_at);
    facts.pending_events = snapshot->events[static_cast<std::size_t>(batch::Approval::pending)];
    facts.invalidated = snapshot->stale;
    return facts;
}

Answer BatchService::stored_answer(const Snapshot& snapshot, const Decision& decision)
{
    if (reads_.size() >= most_known)
        reads_.clear();
    reads_[snapshot.key] = clock_.now();
    return {.snapshot = snapshot, .held = nullptr, .provenance = hit(decision)};
}

// Names what is missing and the nearest thing that is there, and says how to fetch it.
awaitable<Failure> BatchService::offline_miss(Want want)
{
    Failure failure{.code = Errc::offline_miss,
                    .detail = "Batch " + want.batch_id + " is not stored here",
                    .members = {{"batch_id", want.batch_id}}};
    auto scopes = want.identity.scopes;
    auto find_nearest = [scopes, id = want.batch_id](Store& store) -> Result<std::string> {
        auto after = store.list(scopes, id, 1);
        if (!after)
            return after.error();
        if (after->empty())
            after = store.list(scopes, "", 1);
        return after && !after->empty() ? after->front().key.batch_id : std::string{};
    };
    auto nearest = co_await store_.read(std::move(find_nearest));
    if (nearest && !nearest->empty()) {
        failure.detail += "; the nearest that is: " + *nearest;
        failure.members["nearest"] = *nearest;
    }
    failure.detail += offline() ? ". The daemon is offline: start it with a network and run 'nomadic-cached prefetch " +
                                      want.batch_id + "' (or read the batch once), then try again."
                                : ". The request says only-if-cached: ask again without it to fetch the batch.";
    co_return failure;
}

} // namespace nomadic::proxy
