#pragma once

// What the official clients speak, answered from the cache with the upstream's own documents:
//   GET  /api/batch/{id}/status, POST /api/batch/{id}/analyses/bulk, POST /api/batch/{id}/filter_batch
// What the cache can't answer in the upstream's place (a batch that is not completed, a malformed request) is the
// upstream's to answer. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"
#include "proxy/service/renderings.hpp"

namespace nomadic::proxy {

class DropIn {
public:
    DropIn(Credentials& credentials, BatchService& batches, Renderings& renderings, cache::AsyncStore& store,
           Upstream* upstream, const config::Settings& settings)
        : credentials_(credentials),
          batches_(batches),
          renderings_(renderings),
          store_(store),
          upstream_(upstream),
          most_body_bytes_(settings.limits.max_body_bytes),
          dashboard_url_(settings.dashboard.base_url)
    {}
    void add_to(Router& router);

private:
    using Outcome = awaitable<Result<Response>>;

    Outcome status(Request& request, Want want, std::string body);
    Outcome bulk(Request& request, Want want, std::string body);
    Outcome filter_batch(Request& request, Want want, std::string body);

    Outcome bulk_answer(Answer answer, std::vector<std::string> video_ids, bool with_source_uri);
    Outcome upstreams_own(Request& request, const Want& want, std::string body);

    Credentials& credentials_;
    BatchService& batches_;
    Renderings& renderings_;
    cache::AsyncStore& store_;
    Upstream* upstream_; // null offline
    std::uint64_t most_body_bytes_;
    std::string dashboard_url_;
};

} // namespace nomadic::proxy
