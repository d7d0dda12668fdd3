#include "proxy/service/statuses.hpp"

namespace nomadic::proxy {

using cache::Key;

awaitable<Result<Statuses::Pointer>> Statuses::ask(Key key, Asker asker)
{
    if (auto seen = running_.find(key))
        co_return seen;
    Questions<Pointer>::Work work = [this, key, asker](Flight flight) {
        return ask_upstream(key, asker, std::move(flight));
    };
    auto said = co_await proxy::ask(questions_, key, asker.credential, work);
    co_return said.outcome;
}

void Statuses::supersede(const Key& key)
{
    questions_.supersede(key);
    running_.forget(key);
}

void Statuses::know(const Key& key, std::int64_t snapshot, Validators validators)
{
    if (!validators.empty())
        validated_.of(key) = {snapshot, std::move(validators)};
}

awaitable<Result<Statuses::Pointer>> Statuses::ask_upstream(Key key, Asker asker, Flight flight)
{
    Validators validators;
    std::shared_ptr<const batch::StatusDocument> known;
    auto had = co_await newest_.find(key);
    if (const auto* by = validated_.find(key); by != nullptr && had && *had && (*had)->id == by->snapshot) {
        validators = by->validators;
        known = co_await stored((*had)->id);
    }
    // Nothing to fall back to when upstream says that it has not changed: so it is asked for all of it.
    if (!known)
        validators = {};
    auto answer = co_await upstream_.status(key.batch_id, validators, asker);
    if (!answer)
        co_return answer.error();
    if (!answer->document)
        answer->document = known;
    auto seen = std::make_shared<const StatusAnswer>(std::move(*answer));
    // What a write has overtaken must not be taken for upstream's last word.
    if (!flight->superseded())
        running_.seen(key, seen);
    co_return seen;
}

awaitable<std::shared_ptr<const batch::StatusDocument>> Statuses::stored(std::int64_t snapshot)
{
    auto read = [snapshot](cache::Store& store) { return store.status(snapshot); };
    auto status = co_await store_.read(read);
    if (!status || !*status)
        co_return nullptr;
    co_return std::make_shared<const batch::StatusDocument>(std::move(**status));
}

} // namespace nomadic::proxy
