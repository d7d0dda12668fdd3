#pragma once

// GET /v1/batches/{batch_id}/thumbnails/{id}: a picture that was fetched with the batch. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"
#include "proxy/service/thumbnails.hpp"

namespace nomadic::proxy {

class ThumbnailsRoute {
public:
    ThumbnailsRoute(Credentials& credentials, BatchService& batches, Thumbnails& thumbnails)
        : credentials_(credentials), batches_(batches), thumbnails_(thumbnails)
    {}
    void add_to(Router& router);

private:
    awaitable<Result<Response>> get(Identity identity, PathParameters parameters);

    Credentials& credentials_;
    BatchService& batches_;
    Thumbnails& thumbnails_;
};

} // namespace nomadic::proxy
