#pragma once

// POST /v1/prefetch {"batch_ids": [...]}: fetches what is not cached, and says of each batch how it went, as
// server-sent events. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

class PrefetchRoute {
public:
    PrefetchRoute(Credentials& credentials, BatchService& batches, std::uint64_t most_body_bytes)
        : credentials_(credentials), batches_(batches), most_body_bytes_(most_body_bytes)
    {}
    void add_to(Router& router);

private:
    awaitable<Response> post(Request& request);
    static awaitable<Result<void>> run(BatchService& batches, Want want, std::vector<std::string> batch_ids,
                                       BodyWriter& writer);

    Credentials& credentials_;
    BatchService& batches_;
    std::uint64_t most_body_bytes_;
};

} // namespace nomadic::proxy
