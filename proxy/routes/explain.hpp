#pragma once

// GET /v1/batches/{batch_id}/explain: why a batch would be answered as it would be now, and what comes next. Loop
// thread.

#include "proxy/http/router.hpp"
#include "proxy/service/watches.hpp"

namespace nomadic::proxy {

class ExplainRoute {
public:
    ExplainRoute(Credentials& credentials, BatchService& batches, const Watches& watches, const Clock& clock,
                 std::string upstream_url)
        : credentials_(credentials),
          batches_(batches),
          watches_(watches),
          clock_(clock),
          upstream_url_(std::move(upstream_url))
    {}
    void add_to(Router& router);

private:
    awaitable<Result<Response>> get(Identity identity, std::string batch_id);

    Credentials& credentials_;
    BatchService& batches_;
    const Watches& watches_;
    const Clock& clock_;
    std::string upstream_url_;
};

} // namespace nomadic::proxy
