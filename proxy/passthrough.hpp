#pragma once

// Everything under /api/ that the cache has no answer for: streamed to the upstream and back. A successful write that
// names a cached batch makes it stale before the client learns of the success. Loop thread.

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
    awaitable<void> note_write(const Request& request, Identity identity);

    Credentials& credentials_;
    BatchService& batches_;
    Upstream* upstream_; // null offline
    config::PassthroughMode mode_;
};

// The batch that a path names, or "": /api/batch/{id}/... and /api/batches/{id}/...
std::string batch_named_by(std::string_view path);

} // namespace nomadic::proxy
