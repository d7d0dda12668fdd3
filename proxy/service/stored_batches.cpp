// What the batch service gives from the store alone, and what it says when that has nothing and nobody may be asked.

#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

using cache::Key;
using cache::Snapshot;
using cache::Store;

awaitable<Key> BatchService::locate(Identity identity, std::string batch_id)
{
    for (const auto& scope : identity.scopes) {
        Key key{scope, batch_id};
        auto found = co_await newest_.find(key);
        if (found && *found)
            co_return key;
    }
    co_return Key{identity.scopes.empty() ? cache::Scope{} : identity.scopes.front(), std::move(batch_id)};
}

awaitable<Result<Snapshot>> BatchService::stored(Identity identity, std::string batch_id)
{
    const auto key = co_await locate(std::move(identity), batch_id);
    auto find = [key](Store& store) { return store.find(key); };
    auto found = co_await store_.read(find);
    if (!found)
        co_return found.error();
    if (!*found)
        co_return Failure{.code = Errc::not_found,
                          .detail = "Batch " + batch_id + " is not stored here. GET /v1/batches/" + batch_id +
                                    "/analysis fetches it, as does 'nomadic-cached prefetch " + batch_id +
                                    "'; GET /v1/batches lists those that are.",
                          .members = {{"batch_id", batch_id}}};
    co_return **found;
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

awaitable<Result<BatchService::StatusSeen>> BatchService::stored_status(std::int64_t snapshot, Provenance provenance)
{
    auto read = [snapshot](Store& store) { return store.status(snapshot); };
    auto document = co_await store_.read(read);
    if (!document)
        co_return document.error();
    if (!*document)
        co_return Failure{
            .code = Errc::store_failed, .detail = "The batch has just been removed. Ask again.", .members = {}};
    co_return StatusSeen{.document = std::make_shared<const batch::StatusDocument>(std::move(**document)),
                         .provenance = std::move(provenance)};
}

awaitable<Failure> BatchService::offline_refresh(Want want)
{
    auto found = co_await stored(want.identity, want.batch_id);
    if (!found)
        co_return co_await offline_miss(std::move(want));
    co_return Failure{.code = Errc::offline_miss,
                      .detail = "The daemon is offline: batch " + want.batch_id +
                                " is stored here, but the upstream can't be asked whether it has changed.",
                      .members = {{"batch_id", want.batch_id}}};
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
