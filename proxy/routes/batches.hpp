#pragma once

// What is cached, and what can be done to it: /v1/batches, /v1/batches/{batch_id} and .../refresh. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

class BatchesRoutes {
public:
    BatchesRoutes(Credentials& credentials, BatchService& batches, cache::AsyncStore& store, const Clock& clock)
        : credentials_(credentials), batches_(batches), store_(store), clock_(clock)
    {}
    void add_to(Router& router);

private:
    using Outcome = awaitable<Result<Response>>;

    Outcome list(Request& request, Identity identity);
    Outcome show(Request& request, Identity identity, std::string batch_id);
    Outcome refresh(Request& request, Identity identity, std::string batch_id);
    Outcome pin(Request& request, Identity identity, std::string batch_id);
    Outcome purge(Request& request, Identity identity, std::string batch_id);

    Credentials& credentials_;
    BatchService& batches_;
    cache::AsyncStore& store_;
    const Clock& clock_;
};

} // namespace nomadic::proxy
