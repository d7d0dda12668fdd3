#pragma once

// GET /v1/batches/{batch_id}/analysis: the whole product in one endpoint; and its counts, at .../facets. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"
#include "proxy/service/renderings.hpp"
#include "proxy/service/thumbnails.hpp"

namespace nomadic::proxy {

class AnalysisRoute {
public:
    AnalysisRoute(Credentials& credentials, BatchService& batches, Renderings& renderings, Thumbnails& thumbnails,
                  std::string dashboard_url)
        : credentials_(credentials),
          batches_(batches),
          renderings_(renderings),
          thumbnails_(thumbnails),
          dashboard_url_(std::move(dashboard_url))
    {}
    void add_to(Router& router);

private:
    enum class Wanted { analysis, facets };
    awaitable<Response> get(Request& request, std::string batch_id, Wanted wanted);
    awaitable<Result<batch::LocalThumbnails>> local_thumbnails(const Request& request, cache::Key key);
    awaitable<Result<Response>> respond(Request& request, std::string batch_id, Wanted wanted);

    Credentials& credentials_;
    BatchService& batches_;
    Renderings& renderings_;
    Thumbnails& thumbnails_;
    std::string dashboard_url_;
};

} // namespace nomadic::proxy
