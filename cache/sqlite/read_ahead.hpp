#pragma once

// Reading a few pages ahead of whoever renders them: two cores work on one large answer. Memory is bounded by the pages
// under way.

#include "batch/batch.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nomadic::cache::sqlite {

// An event that its row has picked.
struct WantedEvent {
    std::size_t position = 0;
    bool if_analysis_mentions = false; // and only then: `q` may be in its AI analysis, which is in the record
};

// A video as it is stored, until it is decoded.
struct PagedVideo {
    std::size_t place = 0; // in the batch
    std::string video_id, packed, source;
    std::optional<std::vector<WantedEvent>> wanted; // where rows have picked some
    std::optional<batch::VideoRecord> record;       // once decoded; its spans are those of the wanted events
};

using Page = std::vector<PagedVideo>; // in their order

// Where pages go.
class PageSink {
public:
    virtual ~PageSink() = default;
    virtual bool give(Page page) = 0; // false when no more are wanted
};

// What the two threads do; each decodes with tools of its own.
struct ReadAhead {
    std::function<void(PageSink&)> produce;  // on a thread of its own
    std::function<void(Page&)> decode_ahead; // on the same thread, while enough pages are under way
    std::function<void(Page&)> decode;       // on the caller's thread: what the other has not come to
    std::function<bool(Page)> consume;       // on the caller's thread, decoded pages in their order; false stops
};

// What any of them throws comes out here, once both threads have ended.
void read_ahead(const ReadAhead& work);

} // namespace nomadic::cache::sqlite
