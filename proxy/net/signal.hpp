#pragma once

// A one-shot event that many coroutines may wait for: followers are woken by completion, never by polling. Loop thread.

#include "proxy/net/asio.hpp"

namespace nomadic::proxy {

class Signal {
public:
    explicit Signal(const asio::any_io_executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

    bool fired() const { return fired_; }
    void fire()
    {
        fired_ = true;
        timer_.cancel();
    }

    // True once fired; false when the waiter was cancelled first (through its own cancellation slot).
    awaitable<bool> wait()
    {
        while (!fired_) {
            auto [error] = co_await timer_.async_wait(as_result);
            if (error == asio::error::operation_aborted && !fired_)
                co_return false;
        }
        co_return true;
    }

private:
    asio::steady_timer timer_; // never expires; cancelling it is the wake-up
    bool fired_ = false;
};

} // namespace nomadic::proxy
