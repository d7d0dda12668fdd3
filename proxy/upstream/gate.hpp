#pragma once

// Lets a few through at a time; who comes first goes first. Loop thread.

#include "proxy/net/signal.hpp"

#include <deque>

namespace nomadic::proxy {

class Gate {
public:
    Gate(asio::any_io_executor executor, std::size_t places) : executor_(std::move(executor)), free_(places) {}

    // A place, until this is destroyed.
    class Pass {
    public:
        explicit Pass(Gate& gate) : gate_(&gate) {}
        Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Pass& operator=(Pass&&) = delete;
        ~Pass()
        {
            if (gate_ != nullptr)
                gate_->leave();
        }

    private:
        Gate* gate_;
    };

    awaitable<Pass> enter()
    {
        if (free_ != 0) {
            --free_;
            co_return Pass(*this);
        }
        const auto turn = std::make_shared<Signal>(executor_);
        waiting_.push_back(turn);
        co_await turn->wait();
        co_return Pass(*this);
    }

private:
    void leave()
    {
        if (waiting_.empty()) {
            ++free_;
            return;
        }
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        next->fire();
    }

    asio::any_io_executor executor_;
    std::size_t free_;
    std::deque<std::shared_ptr<Signal>> waiting_;
};

} // namespace nomadic::proxy
