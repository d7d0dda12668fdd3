#pragma once

// The paid API, as the rest of the program sees it: ask for a batch's status, fetch its analyses, send a small request,
// forward a large one. Retries, pooling, TLS, timeouts and dialects are behind this. Loop thread; parsing runs on the
// workers. In offline mode there is no Upstream at all, so nothing can connect by mistake.

#include "base/error.hpp"
#include "base/secret.hpp"
#include "batch/batch.hpp"
#include "proxy/http/message.hpp"
#include "proxy/upstream/exchange_log.hpp"

namespace nomadic::proxy {

// On whose behalf we ask. Empty: without a key.
using Credential = std::shared_ptr<const Secret>;

struct Asker {
    Asker() = default;
    Asker(Credential on_behalf_of, std::string id, std::shared_ptr<ExchangeLog> exchange_log = nullptr)
        : credential(std::move(on_behalf_of)), request_id(std::move(id)), log(std::move(exchange_log))
    {}

    Credential credential;
    std::string request_id;
    std::shared_ptr<ExchangeLog> log; // where what is asked is noted; may be null
};

// What a document may be asked for again by (RFC 9110, 8.8); "" each when upstream gave none.
struct Validators {
    std::string etag, last_modified;
    bool empty() const { return etag.empty() && last_modified.empty(); }
};

struct StatusAnswer {
    std::shared_ptr<const batch::StatusDocument> document; // null: still what the validators stand for (304)
    Validators validators;
    std::chrono::seconds age{0}; // how old the answer was already: there may be a cache before the upstream
};

// A whole, bounded answer.
struct Exchange {
    unsigned status = 0;
    Fields fields;
    std::string body;
};

struct SmallRequest {
    std::string method;
    std::string target;
    Fields fields; // end-to-end fields to pass on; credentials are set from the asker
    std::string body;
};

// Receives records as chunks arrive, in no particular order. Waiting in it slows the fetch down: back-pressure.
using RecordSink = std::function<awaitable<Result<void>>(std::vector<batch::VideoRecord>)>;

class Upstream {
public:
    virtual ~Upstream() = default;

    // A refusal is a Failure with upstream's own words: 401 unauthorized, 403 forbidden, 404 not_found; everything
    // else that is not the promised document is upstream_failed, upstream_timeout, upstream_unreachable or overloaded.
    virtual awaitable<Result<StatusAnswer>> status(std::string batch_id, Validators known, Asker asker) = 0;

    // Every analysis of `status.videos`, in parallel chunks, or a Failure. Finds out the dialect and remembers it; a
    // dialect B answer also fills status.metadata_source. Returns how old the oldest of the answers was already.
    virtual awaitable<Result<std::chrono::seconds>> analyses(batch::StatusDocument& status, Asker asker,
                                                             RecordSink sink) = 0;

    // Whatever upstream answers, 4xx and 5xx included, after the retries that are safe for the method.
    virtual awaitable<Result<Exchange>> send(SmallRequest request, Asker asker) = 0;

    // Streams both bodies. `request` must outlive the returned answer's stream.
    virtual awaitable<Result<Response>> forward(Request& request, Asker asker) = 0;
};

} // namespace nomadic::proxy
