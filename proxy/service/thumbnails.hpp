#pragma once

// Brings the pictures that a batch's events point to into the store, so that they outlive their signed URLs. What is
// there is not fetched again. Loop thread.

#include "cache/async_store.hpp"
#include "proxy/service/bounds.hpp"
#include "proxy/service/single_flight.hpp"
#include "proxy/upstream/picture_fetch.hpp"

namespace nomadic::proxy {

struct ThumbnailsFetched {
    std::uint64_t stored = 0; // now, those that were there before included
    std::uint64_t failed = 0;
    std::string why; // the last failure's
};

class Thumbnails {
public:
    // `fetch` is null offline.
    Thumbnails(const config::Thumbnails& settings, cache::AsyncStore& store, Bounds& bounds,
               std::shared_ptr<PictureFetch> fetch, const asio::any_io_executor& executor)
        : settings_(settings), store_(store), bounds_(bounds), fetch_(std::move(fetch)), flights_(executor)
    {}

    // One fetch a batch at a time, however many ask. A picture that can't be had is counted, not a failure.
    awaitable<Result<ThumbnailsFetched>> fetch(cache::Snapshot snapshot);

    // The ids of those that are stored, in order.
    awaitable<Result<std::shared_ptr<const std::vector<batch::Digest>>>> stored(cache::Key key);
    awaitable<Result<std::optional<cache::Picture>>> picture(cache::Key key, batch::Digest id);

private:
    struct Work;
    awaitable<Result<ThumbnailsFetched>> fetch_missing(cache::Snapshot snapshot);
    awaitable<Result<void>> put(cache::Key key, cache::Picture picture);
    static awaitable<void> fetch_some(Thumbnails& thumbnails, std::shared_ptr<Work> work);

    config::Thumbnails settings_;
    cache::AsyncStore& store_;
    Bounds& bounds_;
    std::shared_ptr<PictureFetch> fetch_;
    SingleFlight<cache::Key, ThumbnailsFetched> flights_;
};

} // namespace nomadic::proxy
