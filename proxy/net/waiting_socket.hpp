#pragma once

// A socket while it waits in a Waiter, owned by nobody else. Loop thread.

#include "proxy/net/signal.hpp"
#include "proxy/net/waiter.hpp"

#include <exception>
#include <functional>
#include <string_view>

namespace nomadic::proxy {

// Takes what has come, which is gone when it returns. True: go on.
using Receiver = std::function<bool(std::string_view)>;

class WaitingSocket final : public Waiter::Member {
public:
    WaitingSocket(std::shared_ptr<Waiter> waiter, int socket, Receiver receiver, const asio::any_io_executor& executor);
    WaitingSocket(const WaitingSocket&) = delete;
    WaitingSocket& operator=(const WaitingSocket&) = delete;
    ~WaitingSocket() { close(); }

    // Fired when the receiver has had enough, nothing more will come, it is closed, or it can't wait here.
    Signal& ended() { return ended_; }
    std::exception_ptr thrown() const { return thrown_; } // by the receiver, which ends it
    void close();
    int release(); // the socket is the caller's, and waits no more; -1 when it was closed
    int native_handle() const { return socket_; }

    void readable(bool last) override;

private:
    bool receive(); // true: there may be more to come
    void end();

    std::shared_ptr<Waiter> waiter_;
    int socket_;
    Receiver receiver_;
    Signal ended_;
    std::exception_ptr thrown_;
};

} // namespace nomadic::proxy
