#pragma once

// Batches as files: POST /v1/export answers with a bundle, POST /v1/import takes one. And GET /v1/verify, which reads
// everything that is stored. All of it runs behind the requests for batches. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/batch_service.hpp"

namespace nomadic::proxy {

class CarryRoutes {
public:
    struct Parameters {
        std::string directory; // of temporary files
        std::uint64_t most_body_bytes = 0;
        std::uint64_t most_bundle_bytes = 0;
    };
    CarryRoutes(Parameters parameters, Credentials& credentials, BatchService& batches, cache::AsyncStore& store,
                const Clock& clock)
        : parameters_(std::move(parameters)), credentials_(credentials), batches_(batches), store_(store), clock_(clock)
    {}
    void add_to(Router& router);

private:
    awaitable<Result<Response>> export_bundle(Request& request, Identity identity);
    awaitable<Result<Response>> import_bundle(Request& request, Identity identity);
    awaitable<Result<Response>> verify(Request& request, Identity identity);
    using Rooms = std::vector<Bounds::Room>; // that a file and what becomes of it take within the store's bounds
    awaitable<Result<Rooms>> receive(BodyReader& body, std::string path);
    std::string next_file(std::string_view purpose);

    Parameters parameters_;
    Credentials& credentials_;
    BatchService& batches_;
    cache::AsyncStore& store_;
    const Clock& clock_;
    unsigned files_ = 0;
};

} // namespace nomadic::proxy
