#pragma once

// Connections to the upstream, kept for the next request while they are young. Of our own requests at most so many go
// on at a time, and who comes beyond waits in line; a forwarded one, which may take as long as its client likes,
// neither waits nor takes the place of another. Loop thread.

#include "proxy/upstream/connector.hpp"
#include "proxy/upstream/gate.hpp"

namespace nomadic::proxy {

class Pool : public std::enable_shared_from_this<Pool> {
public:
    Pool(const asio::any_io_executor& executor, std::shared_ptr<Connector> connector, std::uint32_t most,
         std::chrono::milliseconds idle_timeout)
        : connector_(std::move(connector)), most_(most), places_(executor, most), idle_timeout_(idle_timeout)
    {}

    enum class Line { ours, forwarded };

    // A connection on loan. Unless it is given back it is closed; either way its place goes to the next in line.
    class Lease {
    public:
        Lease(std::shared_ptr<Pool> pool, std::optional<Gate::Pass> place, std::shared_ptr<Transport> transport,
              bool reused)
            : pool_(std::move(pool)), place_(std::move(place)), transport_(std::move(transport)), reused_(reused)
        {}
        Lease(Lease&&) = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        const std::shared_ptr<Transport>& transport() const { return transport_; }
        bool reused() const { return reused_; } // it has carried a request before
        void give_back() { reusable_ = true; }

    private:
        std::shared_ptr<Pool> pool_;
        std::optional<Gate::Pass> place_; // none for a forwarded request
        std::shared_ptr<Transport> transport_;
        bool reused_;
        bool reusable_ = false;
    };

    // `recent` has rested for less than a second: no server closes so soon, so that what is sent on it arrives.
    enum class Freshness { any, recent, fresh };
    awaitable<Result<Lease>> borrow(Freshness freshness, Line line = Line::ours);
    const Endpoint& endpoint() const { return connector_->endpoint(); }
    bool sends_absolute_targets() const { return connector_->sends_absolute_targets(); }
    std::string proxy_authorization() const { return connector_->proxy_authorization(); }
    void close_idle() { idle_.clear(); }

private:
    struct Idle {
        std::shared_ptr<Transport> transport;
        std::chrono::steady_clock::time_point since;
    };

    std::shared_ptr<Transport> take_idle(std::chrono::milliseconds youth);
    void keep(std::shared_ptr<Transport> transport);

    std::shared_ptr<Connector> connector_;
    std::uint32_t most_;
    Gate places_;
    std::chrono::milliseconds idle_timeout_;
    std::vector<Idle> idle_; // youngest last
};

} // namespace nomadic::proxy
