#pragma once

// Everything under /api/ that the cache has no answer for: streamed to the upstream and back. A successful write that
// names a cached batch, or a video or an analysis of one, makes it stale before the client learns of the success, for
// everybody who has it cached: a batch may be shared. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

class Passthrough {
public:
    Passthrough(Credentials& credentials, BatchService& batches, Upstream* upstream, config::PassthroughMode mode)
        : credentials_(credentials), batches_(batches), upstream_(upstream), mode_(mode)
    {}
    void add_to(Router& router);

private:
    awaitable<Response> forward(Request& request);

    Credentials& credentials_;
    BatchService& batches_;
    Upstream* upstream_; // null offline
    config::PassthroughMode mode_;
};

// Whatever a request's target may name: the segments of its path and the values of its query, decoded.
std::vector<std::string> names_in(const Request& request);

} // namespace nomadic::proxy
