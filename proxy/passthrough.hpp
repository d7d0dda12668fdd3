#pragma once

// Everything under /api/ that the cache has no answer for: streamed to the upstream and back. A successful write that
// names a cached batch or a video of one makes it stale before the client learns of the success. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

class Passthrough {
public:
    Passthrough(Credentials& credentials, BatchService& batches, cache::AsyncStore& store, Upstream* upstream,
                config::PassthroughMode mode)
        : credentials_(credentials), batches_(batches), store_(store), upstream_(upstream), mode_(mode)
    {}
    void add_to(Router& router);

private:
    awaitable<Response> forward(Request& request);
    awaitable<void> note_write(std::string path, Identity identity);

    Credentials& credentials_;
    BatchService& batches_;
    cache::AsyncStore& store_;
    Upstream* upstream_; // null offline
    config::PassthroughMode mode_;
};

// What a path names, or "" each: /api/batch/{id}/..., /api/video/{id}/..., and the same in the plural.
struct Named {
    std::string batch_id, video_id;
    bool anything() const { return !batch_id.empty() || !video_id.empty(); }
};
Named named_by(std::string_view path);

} // namespace nomadic::proxy
