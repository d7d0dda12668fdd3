#pragma once

// GET /v1/batches/{batch_id}/events-stream: a message for every new state of a batch, as server-sent events. Their ids
// are snapshots, so that a client that comes back with Last-Event-ID is told what it missed. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/watches.hpp"

namespace nomadic::proxy {

class EventsStreamRoute {
public:
    EventsStreamRoute(Credentials& credentials, BatchService& batches, Watches& watches, cache::AsyncStore& store,
                      std::chrono::milliseconds heartbeat, const asio::any_io_executor& executor)
        : credentials_(credentials),
          batches_(batches),
          watches_(watches),
          store_(store),
          heartbeat_(heartbeat),
          news_(executor)
    {}
    void add_to(Router& router);

private:
    struct Message {
        std::int64_t snapshot = 0;
        std::string text;
    };
    using Messages = std::shared_ptr<const std::vector<Message>>;
    using Since = std::pair<cache::Key, std::pair<std::int64_t, std::int64_t>>; // after one snapshot, up to another

    awaitable<Response> get(Request& request, std::string batch_id);
    awaitable<Result<void>> run(BodyWriter& writer, const Request& request, cache::Key key, Want want,
                                std::int64_t last);
    awaitable<Result<std::int64_t>> write_news(BodyWriter& writer, cache::Key key, std::int64_t last);
    static Result<Messages> messages_after(cache::Store& store, const cache::Key& key, std::int64_t last);

    Credentials& credentials_;
    BatchService& batches_;
    Watches& watches_;
    cache::AsyncStore& store_;
    std::chrono::milliseconds heartbeat_;
    SingleFlight<Since, Messages> news_; // all who wait for the same news are told by one reading of the store
};

} // namespace nomadic::proxy
