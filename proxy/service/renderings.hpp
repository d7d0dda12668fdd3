#pragma once

// From a batch that the batch service gave to the bytes of an answer: rendered once, off the loop, however many ask at
// once; kept in the hot cache. Loop thread.

#include "batch/render.hpp"
#include "cache/async_store.hpp"
#include "cache/hot_cache.hpp"
#include "config/settings.hpp"
#include "proxy/http/content_coding.hpp"
#include "proxy/http/range.hpp"
#include "proxy/service/answer.hpp"
#include "proxy/service/single_flight.hpp"

namespace nomadic::proxy {

class Renderings {
public:
    // Large answers are spooled to unlinked files in `directory`.
    Renderings(const config::Cache& settings, std::string directory, cache::AsyncStore& store,
               const asio::any_io_executor& executor);

    awaitable<Result<cache::HotEntry>> get(Answer answer, batch::Representation representation)
    {
        auto name = etag(answer.snapshot, representation);
        return get(std::move(answer), std::move(representation), Coding::identity, std::move(name));
    }
    // For who has its entity tag already.
    awaitable<Result<cache::HotEntry>> get(Answer answer, batch::Representation representation, Coding coding,
                                           std::string etag);

    // The strong entity tag, quotes included (RFC 9110, 8.8.3): known without rendering.
    static std::string etag(const cache::Snapshot& snapshot, const batch::Representation& representation,
                            Coding coding = Coding::identity);

    // There is no room for the bytes now; with what they are made of, all is well.
    static bool lacks_room(const Failure& failure);

    // The same when it has been rendered already.
    std::optional<cache::HotEntry> find_hot(const std::string& etag) { return hot_.find(etag); }
    // What a 206 sends of a body; lives no longer than this.
    Stream part(std::shared_ptr<const cache::Body> body, ByteRange range);

    // One more answer was given from the hot cache without asking it (proxy/net/repeats.hpp).
    void count_hit() { hot_.count_hit(); }
    const cache::HotCache& hot() const { return hot_; }

private:
    awaitable<Result<cache::HotEntry>> encoded(Answer answer, batch::Representation representation, Coding coding,
                                               std::string etag);
    awaitable<Result<void>> write_part(std::shared_ptr<const cache::Body> body, ByteRange range, BodyWriter& writer);
    awaitable<Result<cache::HotEntry>> render(cache::Snapshot snapshot, std::shared_ptr<const HeldBatch> held,
                                              batch::Representation representation);

    std::uint64_t spool_threshold() const;

    std::uint64_t spool_threshold_;
    std::uint64_t
        most_in_memory_; // rendered answers that are kept, and as much again of those that are only being read
    cache::Spool spool_;
    cache::AsyncStore& store_;
    cache::HotCache hot_;
    SingleFlight<std::string, cache::HotEntry> flights_;
};

} // namespace nomadic::proxy
