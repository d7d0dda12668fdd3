#include "proxy/service/batch_service.hpp"

#include "base/log.hpp"
#include "proxy/upstream/refusal.hpp"

namespace nomadic::proxy {

using cache::Action;
using cache::Decision;
using cache::Key;
using cache::Snapshot;
using cache::Store;

namespace {

// Batches whose last use is remembered until it is written down.
constexpr std::size_t most_reads = 16'384;

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

// What is stored is there, but not for a request that must not go upstream and wants it fresher.
Failure not_fresh_enough(const std::string& batch_id, std::chrono::seconds age)
{
    return {.code = Errc::offline_miss,
            .detail = "Batch " + batch_id + " is stored here, confirmed " + std::to_string(age.count()) +
                      " s ago, but for this request the upstream would have to be asked again. It says "
                      "only-if-cached: ask without that, or add max-stale.",
            .members = {{"batch_id", batch_id}}};
}

} // namespace

void BatchService::reconfigure(const config::Settings& settings)
{
    policies_ = cache::Policies(settings.cache);
    history_ = settings.history;
    bounds_.reconfigure(settings.cache);
}

BatchService::BatchService(const config::Settings& settings, cache::AsyncStore& store, Upstream* upstream,
                           const Clock& clock, const asio::any_io_executor& executor)
    : policies_(settings.cache),
      history_(settings.history),
      poll_interval_(settings.upstream.poll_interval),
      store_(store),
      clock_(clock),
      executor_(executor),
      newest_(store),
      bounds_(settings.cache, store, [this](const Key& key) { newest_.forget(key); })
{
    if (upstream == nullptr)
        return;
    refresher_.emplace(settings, store, *upstream, clock, executor, newest_, bounds_, health_);
    refresher_->on_stored = [this](const Snapshot& snapshot) {
        on_stored(snapshot);
        asio::co_spawn(executor_, keep_bounds(snapshot.key), asio::detached);
    };
    refresher_->on_damage = [this](const Key& key, std::shared_ptr<const HeldBatch> held) {
        asio::co_spawn(executor_, heal(key, std::move(held)), asio::detached);
    };
}

awaitable<Result<Answer>> BatchService::get(Want want)
{
    const Key key = co_await locate(want.identity, want.batch_id);
    auto had = co_await newest_.find(key);
    // A store that can't be read is a miss: a client sees no error because of the cache.
    if (!had) {
        health_.failed(had.error());
        if (cache::is_damage(had.error()) && !offline())
            co_await heal(key, nullptr);
    }
    const auto snapshot = had ? *had : std::nullopt;

    const Decision decision = cache::decide(facts_of(snapshot), want.directives, policies_.of(key.batch_id));
    switch (decision.action) {
    case Action::serve: {
        auto answer = stored_answer(*snapshot, decision);
        if (decision.age < decision.freshness_lifetime)
            answer.same_until =
                snapshot->validated_at + decision.age + std::chrono::seconds{1}; // then its Age moves on
        co_return answer;
    }
    case Action::serve_and_refresh:
        refresher_->refresh_behind(key, {want.identity.credential, want.request_id});
        co_return stored_answer(*snapshot, decision);
    case Action::fail_offline:
        if (snapshot)
            co_return not_fresh_enough(key.batch_id, decision.age);
        co_return co_await offline_miss(std::move(want));
    case Action::fetch:
        break;
    }
    if (!want.directives.no_store)
        co_return co_await fetched_answer(std::move(want), key, snapshot);
    auto held = co_await held_answer(want, key);
    if (!held)
        co_return despite(held.error(), want, snapshot);
    co_return held;
}

awaitable<Result<Answer>> BatchService::refresh(Want want)
{
    const Key key = co_await locate(want.identity, want.batch_id);
    if (offline())
        co_return co_await offline_refresh(std::move(want));
    auto landed = co_await refresher_->refresh(key, {want.identity.credential, want.request_id}, Depth::full);
    if (!landed.outcome)
        co_return landed.outcome.error();
    Provenance provenance{.forward = Provenance::Forward::request, .stored = landed.outcome->stored};
    provenance.collapsed = landed.role == Role::follower;
    co_return Answer{
        .snapshot = landed.outcome->snapshot, .held = landed.outcome->held, .provenance = std::move(provenance)};
}

awaitable<Result<void>> BatchService::revalidate(Key key, Want want)
{
    auto landed = co_await refresher_->refresh(key, {want.identity.credential, want.request_id}, Depth::as_configured);
    if (!landed.outcome)
        co_return landed.outcome.error();
    co_return Result<void>{};
}

// The caller waits for upstream.
awaitable<Result<Answer>> BatchService::fetched_answer(Want want, Key key, std::optional<Snapshot> had)
{
    const auto depth = want.directives.no_cache ? Depth::full : Depth::as_configured;
    auto landed = co_await refresher_->refresh(key, {want.identity.credential, want.request_id}, depth);
    if (!landed.outcome) {
        if (landed.outcome.error().code == Errc::not_completed && want.partial == Partial::allowed)
            co_return co_await held_answer(std::move(want), key);
        co_return despite(landed.outcome.error(), want, had);
    }
    const auto& fetched = *landed.outcome;
    Answer answer{
        .snapshot = fetched.snapshot, .held = fetched.held, .provenance = hit(freshness_of(fetched.snapshot))};
    answer.provenance.forward = had ? Provenance::Forward::stale : Provenance::Forward::miss;
    if (want.directives.no_cache)
        answer.provenance.forward = Provenance::Forward::request;
    answer.provenance.detail.clear();
    answer.provenance.stored = fetched.stored;
    answer.provenance.collapsed = landed.role == Role::follower;
    co_return answer;
}

Result<Answer> BatchService::despite(const Failure& failure, const Want& want, const std::optional<Snapshot>& had)
{
    if (is_refusal(failure) || failure.code == Errc::not_completed || failure.code == Errc::cancelled)
        return failure;
    auto facts = facts_of(had);
    facts.upstream_failed = true;
    const Decision decision = cache::decide(facts, want.directives, policies_.of(want.batch_id));
    if (decision.action != Action::serve) {
        log::warn("a batch could not be fetched", {{"batch_id", want.batch_id}, {"error", failure.detail}});
        return failure;
    }
    log::warn("upstream failed; a stored state is served in its place",
              {{"batch_id", had->key.batch_id}, {"error", failure.detail}});
    return stored_answer(*had, decision);
}

awaitable<Result<Answer>> BatchService::around_store(Want want, Failure why)
{
    log::error("a stored batch can't be read; it is answered from upstream",
               {{"batch_id", want.batch_id}, {"error", why.detail}});
    health_.failed(why);
    const Key key = co_await locate(want.identity, want.batch_id);
    auto answer = co_await held_answer(std::move(want), key);
    if (answer && answer->held && answer->held->status.completed() && cache::is_damage(why))
        asio::co_spawn(executor_, heal(key, answer->held), asio::detached);
    co_return answer;
}

// In memory only: a batch that is not completed (when the caller allows it), or that must not or can't be stored.
awaitable<Result<Answer>> BatchService::held_answer(Want want, Key key)
{
    auto [held, role] = co_await refresher_->hold(key, {want.identity.credential, want.request_id});
    if (!held)
        co_return held.error();
    const auto& status = held->held->status;
    const bool completed = status.completed();
    if (!completed && want.partial == Partial::refused)
        co_return not_completed(status, poll_interval_);
    Answer answer{.snapshot = held->snapshot, .held = held->held, .provenance = {}};
    answer.provenance.forward = Provenance::Forward::miss;
    answer.provenance.collapsed = role == Role::follower;
    answer.provenance.detail = completed ? "" : "partial";
    co_return answer;
}

awaitable<Result<BatchService::StatusSeen>> BatchService::status(Want want)
{
    // A completed batch is announced only once all of it is there: a client that reads on would otherwise take a chunk
    // that fails for videos that failed.
    for (;;) {
        auto answer = co_await get(want);
        if (answer && answer->held)
            co_return StatusSeen{.document = {answer->held, &answer->held->status}, .provenance = answer->provenance};
        if (answer)
            co_return co_await stored_status(answer->snapshot.id, answer->provenance);
        if (answer.error().code != Errc::not_completed)
            co_return answer.error();
        const Key key = co_await locate(want.identity, want.batch_id);
        // What upstream has just said, or says now if that is longer ago than a poll interval.
        auto running = co_await refresher_->status(key, {want.identity.credential, want.request_id});
        if (!running)
            co_return running.error();
        if (!(*running)->completed())
            co_return StatusSeen{.document = *running, .provenance = {.forward = Provenance::Forward::stale}};
    }
}

std::optional<Progress> BatchService::progress_of(const Key& key) const
{
    return refresher_ ? refresher_->progress_of(key) : std::nullopt;
}

awaitable<Result<BatchService::Explanation>> BatchService::explain(Identity identity, std::string batch_id)
{
    const Key key = co_await locate(std::move(identity), std::move(batch_id));
    auto snapshot = co_await newest_.find(key);
    if (!snapshot)
        co_return snapshot.error();
    const auto& policy = policies_.of(key.batch_id);
    Explanation explanation{.key = key,
                            .snapshot = *snapshot,
                            .policy = policy,
                            .decision = cache::decide(facts_of(*snapshot), {}, policy),
                            .flying = false,
                            .failed_at = {},
                            .exchanges = {}};
    if (!refresher_)
        co_return explanation;
    explanation.flying = refresher_->is_flying(key);
    if (const auto since = refresher_->since_failure(key))
        explanation.failed_at = clock_.now() - *since;
    if (const auto* log = refresher_->find_exchange_log(key))
        explanation.exchanges.assign(log->seen().begin(), log->seen().end());
    co_return explanation;
}

cache::Decision BatchService::freshness_of(const Snapshot& snapshot) const
{
    return cache::decide(facts_of(snapshot), {}, policies_.of(snapshot.key.batch_id));
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
    if (refresher_)
        facts.since_failure = refresher_->since_failure(snapshot->key);
    return facts;
}

Answer BatchService::stored_answer(const Snapshot& snapshot, const Decision& decision)
{
    if (reads_.size() >= most_reads)
        reads_.clear();
    reads_[snapshot.key] = clock_.now();
    return {.snapshot = snapshot, .held = nullptr, .provenance = hit(decision)};
}

} // namespace nomadic::proxy
