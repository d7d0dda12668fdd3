#pragma once

// Connections to the upstream, kept for the next request while they are young. Of our own requests at most so many go
// on at a time, and who comes beyond waits in line; a forwarded one, which may take as long as its client likes,
// neither waits nor takes the place of another. Loop thread.

#include "proxy/service/signal.hpp"
#include "proxy/upstream/connector.hpp"

#include <deque>

namespace nomadic::proxy {

class Pool : public std::enable_shared_from_this<Pool> {
public:
    Pool(const asio::any_io_executor& executor, std::shared_ptr<Connector> connector, std::uint32_t most,
         std::chrono::milliseconds idle_timeout)
        : executor_(executor), connector_(std::move(connector)), most_(most), free_(most), idle_timeout_(idle_timeout)
    {}

    enum class Line { ours, forwarded };

    // A connection on loan. Unless it is given back it is closed; either way its place goes to the next in line.
    class Lease {
    public:
        Lease(std::shared_ptr<Pool> pool, std::shared_ptr<Transport> transport, bool reused, Line line)
            : pool_(std::move(pool)), transport_(std::move(transport)), reused_(reused), line_(line)
        {}
        Lease(Lease&&) = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        const std::shared_ptr<Transport>& transport() const { return transport_; }
        bool reused() const { return reused_; } // it has carried a request before
        void give_back() { reusable_ = true; }

    private:
        std::shared_ptr<Pool> pool_;
        std::shared_ptr<Transport> transport_;
        bool reused_;
        Line line_;
        bool reusable_ = false;
    };

    // `recent` has rested for less than a second: no server closes so soon, so that what is sent on it arrives.
    enum class Freshness { any, recent, fresh };
    awaitable<Result<Lease>> borrow(Freshness freshness, Line line = Line::ours);
    const Endpoint& endpoint() const { return connector_->endpoint(); }
    bool sends_absolute_targets() const { return connector_->sends_absolute_targets(); }
    void close_idle() { idle_.clear(); }

private:
    struct Idle {
        std::shared_ptr<Transport> transport;
        std::chrono::steady_clock::time_point since;
    };

    awaitable<void> take_place();
    void release_place();
    std::shared_ptr<Transport> take_idle(std::chrono::milliseconds youth);
    void keep(std::shared_ptr<Transport> transport);

    asio::any_io_executor executor_;
    std::shared_ptr<Connector> connector_;
    std::uint32_t most_;
    std::uint32_t free_;
    std::chrono::milliseconds idle_timeout_;
    std::vector<Idle> idle_; // youngest last
    std::deque<std::shared_ptr<Signal>> waiting_;
};

} // namespace nomadic::proxy
