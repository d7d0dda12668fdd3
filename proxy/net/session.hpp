#pragma once

// One connection of a client: reads requests one after the other, hands each to the handler, writes its answer. All of
// framing, timeouts and limits is here; a handler sees none of it. Loop thread.

#include "config/settings.hpp"
#include "proxy/http/message.hpp"
#include "proxy/net/repeats.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

// What all sessions of a server share.
struct SessionContext {
    config::Limits limits;
    Handler handler;
    asio::thread_pool& workers; // files are read there, never on the loop
    Repeats repeats{};
    Traffic traffic{};     // of all exchanges that have ended
    std::size_t open = 0;  // sessions that run
    bool draining = false; // answers say `Connection: close`, idle connections close soon
};

class Session {
public:
    Session(std::shared_ptr<Transport> transport, Peer peer, std::shared_ptr<SessionContext> context)
        : transport_(std::move(transport)), peer_(std::move(peer)), context_(std::move(context))
    {}

    awaitable<void> run(); // until the connection ends
    void drain();          // the answer under way, or to the request that comes within a moment, is the last
    void close()
    {
        waiting_since_.reset();
        transport_->close();
    }
    // For the whole of a request's head; absent while a request is under way.
    std::optional<std::chrono::steady_clock::time_point> waiting_since() const { return waiting_since_; }

private:
    awaitable<bool> exchange(); // one request and its answer; true when another may follow
    // Of a repeated answer, what the socket did not take at once.
    struct Rest {
        std::string head;
        std::shared_ptr<const cache::Body> body;
        std::size_t body_sent;
    };

    // The next head that needs the handler; those that need none are answered on the way.
    awaitable<Result<std::size_t>> read_head();
    void await_request();
    // Answers the requests at the beginning of `received` that need no handler, and takes them off it; none more while
    // there is a rest. True when there was any such request.
    bool answer_repeats(std::string_view& received);
    bool answer_received(std::string_view received); // true when all of it has its answer
    std::optional<Repeats::Repeated> find_repeat(std::string_view head);
    void repeat(const Repeats::Repeated& again);
    awaitable<bool> write_rest();
    awaitable<Response> answer(Request& request);
    awaitable<void> refuse(const Failure& failure);
    awaitable<void> finish_closing();
    void count_traffic();
    Failure too_large() const;

    std::shared_ptr<Transport> transport_;
    Peer peer_;
    std::shared_ptr<SessionContext> context_;
    beast::flat_buffer buffer_; // read and not yet used
    std::optional<Rest> rest_;
    bool idle_ = false; // between requests
    std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

} // namespace nomadic::proxy
