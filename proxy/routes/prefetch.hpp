#pragma once

// POST /v1/prefetch {"batch_ids": [...]}: fetches what is not stored, and says how it goes, as server-sent events. With
// "wait", batches that are still running are asked for again until they are completed; with "with_thumbnails", the
// pictures that events point to are fetched as well. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"
#include "proxy/service/thumbnails.hpp"

namespace nomadic::proxy {

struct PrefetchWish {
    std::vector<std::string> batch_ids;
    bool wait = false;
    bool with_thumbnails = false;
};

class PrefetchRoute {
public:
    PrefetchRoute(Credentials& credentials, BatchService& batches, Thumbnails& thumbnails,
                  std::uint64_t most_body_bytes)
        : credentials_(credentials), batches_(batches), thumbnails_(thumbnails), most_body_bytes_(most_body_bytes)
    {}
    void add_to(Router& router);

private:
    class Run;
    awaitable<Response> post(Request& request);

    Credentials& credentials_;
    BatchService& batches_;
    Thumbnails& thumbnails_;
    std::uint64_t most_body_bytes_;
};

} // namespace nomadic::proxy
