#pragma once

// A batch over time: GET /v1/batches/{batch_id}/snapshots and .../diff. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/routes/difference.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

class HistoryRoutes {
public:
    HistoryRoutes(Credentials& credentials, BatchService& batches, cache::AsyncStore& store)
        : credentials_(credentials), batches_(batches), store_(store)
    {}
    void add_to(Router& router);

private:
    struct Range {
        std::optional<cache::AsOf> from, to;
    };

    awaitable<Result<Response>> snapshots(Request& request, Identity identity, std::string batch_id);
    awaitable<Result<Response>> diff(Request& request, Identity identity, std::string batch_id);
    awaitable<Result<BatchDifference>> compare(Identity identity, std::string batch_id, Range range);
    awaitable<Result<std::optional<cache::AsOf>>> before(cache::Snapshot snapshot);

    Credentials& credentials_;
    BatchService& batches_;
    cache::AsyncStore& store_;
};

} // namespace nomadic::proxy
