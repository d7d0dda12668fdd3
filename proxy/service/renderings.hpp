#pragma once

// From a batch that the batch service gave to the bytes of an answer: rendered once, off the loop, however many ask at
// once; sent while they are still being made, where what is stored tells how many they will be; kept in the hot cache.
// Loop thread.

#include "batch/render.hpp"
#include "cache/async_store.hpp"
#include "cache/hot_cache.hpp"
#include "config/settings.hpp"
#include "proxy/http/content_coding.hpp"
#include "proxy/http/range.hpp"
#include "proxy/service/answer.hpp"
#include "proxy/service/growth.hpp"
#include "proxy/service/render.hpp"
#include "proxy/service/single_flight.hpp"

#include <unordered_map>
#include <unordered_set>

namespace nomadic::proxy {

// The bytes of an answer, whose number is known.
struct Rendering {
    std::shared_ptr<const cache::Body> body;
    std::uint64_t events = 0;       // X-Total-Count
    std::shared_ptr<Growth> growth; // of the body; null when it was all there
};

class Renderings {
public:
    // Large answers are spooled to unlinked files in `directory`.
    Renderings(const config::Cache& settings, std::string directory, cache::AsyncStore& store,
               const asio::any_io_executor& executor);

    // `etag` is what etag() gives for the same. All of it lives until it is done: a hit takes no copies.
    awaitable<Result<Rendering>> get(const Answer& answer, const batch::Representation& representation, Coding coding,
                                     const std::string& etag);

    // The strong entity tag, quotes included (RFC 9110, 8.8.3): known without rendering.
    static std::string etag(const cache::Snapshot& snapshot, const batch::Representation& representation,
                            Coding coding = Coding::identity);

    // There is no room for the bytes now; with what they are made of, all is well.
    static bool lacks_room(const Failure& failure);

    // The same when it has been rendered already.
    std::optional<cache::HotEntry> find_hot(const std::string& etag) { return hot_.find(etag); }
    // How long it would be, without rendering it; empty where what is stored does not tell.
    awaitable<std::optional<Length>> measure(const Answer& answer, batch::Representation representation);
    // Writes a part of the body, as it comes; of the part, what has been written is taken off its front.
    // Errc::cancelled when it is the reader who is gone. `part` and `writer` live until it is done.
    awaitable<Result<void>> write(Rendering rendering, ByteRange& part, BodyWriter& writer);

    // One more answer was given from the hot cache without asking it (proxy/net/repeats.hpp).
    void count_hit() { hot_.count_hit(); }
    const cache::HotCache& hot() const { return hot_; }

private:
    awaitable<Result<Rendering>> encode(Answer answer, batch::Representation representation, Coding coding,
                                        std::string etag);
    awaitable<Result<Rendering>> render(Answer answer, batch::Representation representation, std::string etag);
    awaitable<void> grow(Answer answer, batch::Representation representation, std::string etag,
                         std::shared_ptr<Growth> growth);
    awaitable<Result<cache::HotEntry>> run(Answer answer, batch::Representation representation, std::string etag,
                                           std::shared_ptr<Growth> growth);
    void note_failure(const std::string& etag);

    awaitable<Result<std::uint64_t>> available(Rendering rendering, std::uint64_t offset);
    std::uint64_t spool_threshold() const;

    std::uint64_t spool_threshold_;
    std::uint64_t
        most_in_memory_; // rendered answers that are kept, and as much again of those that are only being read
    cache::Spool spool_;
    cache::AsyncStore& store_;
    asio::any_io_executor executor_;
    cache::HotCache hot_;
    SingleFlight<std::string, Rendering> flights_;
    std::unordered_map<std::string, Rendering> growing_; // by entity tag
    // Those that have broken off lately: the next time, their readers are told why before anything is sent.
    std::unordered_set<std::string> failed_;
};

} // namespace nomadic::proxy
