#pragma once

// Reading a few pages ahead of whoever renders them: two cores work on one large answer. Memory is bounded by the pages
// under way.

#include "batch/batch.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nomadic::cache::sqlite {

struct PackedVideo {
    std::string video_id, record, source; // as they are stored
};

// Videos in their order, either as they are stored or decoded.
struct Page {
    std::vector<PackedVideo> packed;
    std::vector<batch::VideoRecord> records;
};

// Where pages go.
class PageSink {
public:
    virtual ~PageSink() = default;
    virtual bool give(Page page) = 0; // false when no more are wanted
    virtual bool awaited() const = 0; // whoever takes them has nothing to do, and may as well decode
};

// `produce` runs on a thread of its own; giving waits while too many pages are under way. `consume` runs on the
// caller's thread, page by page; false stops. What either throws comes out here, once both have ended.
void read_ahead(const std::function<void(PageSink&)>& produce, const std::function<bool(Page)>& consume);

} // namespace nomadic::cache::sqlite
