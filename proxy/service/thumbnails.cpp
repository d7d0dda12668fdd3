#include "proxy/service/thumbnails.hpp"

#include "batch/thumbnails.hpp"

#include <algorithm>
#include <map>

namespace nomadic::proxy {

namespace {

using Missing = std::vector<std::pair<batch::Digest, std::string>>; // id and URL

struct Inventory {
    Missing missing;
    std::uint64_t stored = 0;
};

// What the batch's events point to and the store has not. On a store thread.
Result<Inventory> take_inventory(cache::Store& store, const cache::Snapshot& snapshot)
{
    auto stored = store.pictures(snapshot.key);
    if (!stored)
        return stored.error();
    std::map<batch::Digest, std::string> missing;
    auto read = store.read(snapshot.id, {}, cache::WithSource::no, [&](const batch::VideoRecord& record) {
        batch::for_each_thumbnail(record, [&](std::string_view url) {
            const auto id = batch::thumbnail_id(url);
            if (!std::binary_search(stored->begin(), stored->end(), id))
                missing.try_emplace(id, url);
        });
        return true;
    });
    if (!read)
        return read.error();
    return Inventory{Missing(missing.begin(), missing.end()), stored->size()};
}

} // namespace

// Shared by the coroutines that fetch, each taking the next URL until there is none.
struct Thumbnails::Work {
    Work(const asio::any_io_executor& executor, cache::Key batch, Missing urls)
        : key(std::move(batch)), missing(std::move(urls)), done(executor)
    {}
    cache::Key key;
    Missing missing;
    std::size_t next = 0;
    std::size_t running = 0;
    std::uint64_t bytes = 0;
    ThumbnailsFetched outcome;
    Signal done;
};

awaitable<Result<ThumbnailsFetched>> Thumbnails::fetch(cache::Snapshot snapshot)
{
    if (!fetch_)
        co_return Failure{.code = Errc::offline_miss,
                          .detail = "The daemon is offline and fetches no pictures. Start it with a network.",
                          .members = {}};
    const auto key = snapshot.key;
    auto work = [this, snapshot = std::move(snapshot)](auto) { return fetch_missing(snapshot); };
    auto [flight, role] = flights_.join(key, std::move(work));
    co_return co_await flight->wait();
}

awaitable<Result<ThumbnailsFetched>> Thumbnails::fetch_missing(cache::Snapshot snapshot)
{
    auto look = [snapshot](cache::Store& store) { return take_inventory(store, snapshot); };
    auto inventory = co_await store_.read(std::move(look));
    if (!inventory)
        co_return inventory.error();
    const auto executor = co_await asio::this_coro::executor;
    auto work = std::make_shared<Work>(executor, snapshot.key, std::move(inventory->missing));
    work->outcome.stored = inventory->stored;
    if (work->missing.empty())
        co_return work->outcome;
    work->running = std::min<std::size_t>(settings_.max_parallel, work->missing.size());
    for (std::size_t i = work->running; i > 0; --i)
        asio::co_spawn(executor, fetch_some(*this, work), asio::detached);
    const bool all = co_await work->done.wait();
    if (!all)
        co_return Failure{.code = Errc::cancelled, .detail = "The client went away.", .members = {}};
    co_return work->outcome;
}

awaitable<Result<void>> Thumbnails::put(cache::Key key, cache::Picture picture)
{
    // Twice: it stands in the log as well until that is copied.
    auto room = co_await bounds_.make_room(2 * std::uint64_t{picture.bytes.size()});
    if (!room)
        co_return room.error();
    auto write = [key = std::move(key), picture = std::move(picture)](cache::Store& store) {
        return store.put_picture(key, picture);
    };
    co_return co_await store_.write(std::move(write));
}

awaitable<void> Thumbnails::fetch_some(Thumbnails& thumbnails, std::shared_ptr<Work> work)
{
    while (work->next < work->missing.size()) {
        const auto [id, url] = work->missing[work->next++];
        Result<void> stored =
            Failure{.code = Errc::overloaded, .detail = "thumbnails.max_batch_bytes is reached.", .members = {}};
        if (work->bytes < thumbnails.settings_.max_batch_bytes) {
            auto fetched = co_await thumbnails.fetch_->get(url);
            if (fetched) {
                work->bytes += fetched->bytes.size();
                cache::Picture picture{id, std::move(fetched->media_type), std::move(fetched->bytes)};
                stored = co_await thumbnails.put(work->key, std::move(picture));
            } else {
                stored = fetched.error();
            }
        }
        ++(stored ? work->outcome.stored : work->outcome.failed);
        if (!stored)
            work->outcome.why = stored.error().detail;
    }
    if (--work->running == 0)
        work->done.fire();
}

awaitable<Result<std::shared_ptr<const std::vector<batch::Digest>>>> Thumbnails::stored(cache::Key key)
{
    auto list = [key](cache::Store& store) { return store.pictures(key); };
    auto ids = co_await store_.read(std::move(list));
    if (!ids)
        co_return ids.error();
    co_return std::make_shared<const std::vector<batch::Digest>>(std::move(*ids));
}

awaitable<Result<std::optional<cache::Picture>>> Thumbnails::picture(cache::Key key, batch::Digest id)
{
    auto read = [key, id](cache::Store& store) { return store.picture(key, id); };
    co_return co_await store_.read(std::move(read));
}

} // namespace nomadic::proxy
