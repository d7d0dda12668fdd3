#pragma once

// A time by which something must have happened, or `expire` is called. Moving it costs an assignment, since the timer
// is armed anew only when it would otherwise come too late. Loop thread.

#include "proxy/net/asio.hpp"

#include <functional>
#include <memory>

namespace nomadic::proxy {

class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    Deadline(const asio::any_io_executor& executor, std::function<void()> expire)
        : state_(std::make_shared<State>(executor, std::move(expire)))
    {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline()
    {
        state_->at = Clock::time_point::max();
        state_->expire = nullptr;
        state_->timer.cancel();
    }

    void in(std::chrono::milliseconds time) { at(Clock::now() + time); }
    void at(Clock::time_point time)
    {
        state_->at = time;
        if (state_->at < state_->armed)
            arm(state_);
    }
    void never() { state_->at = Clock::time_point::max(); }
    bool expired() const { return state_->expired; }

private:
    struct State {
        State(const asio::any_io_executor& executor, std::function<void()> on_expiry)
            : timer(executor), expire(std::move(on_expiry))
        {}
        asio::steady_timer timer;
        std::function<void()> expire;
        Clock::time_point at = Clock::time_point::max();
        Clock::time_point armed = Clock::time_point::max();
        bool expired = false;
    };

    // The timer may fire after we are gone, so it holds what it needs.
    static void arm(const std::shared_ptr<State>& state)
    {
        state->armed = state->at;
        state->timer.expires_at(state->armed);
        state->timer.async_wait([state](boost::system::error_code error) {
            if (error || !state->expire)
                return;
            state->armed = Clock::time_point::max();
            if (Clock::now() >= state->at) {
                state->expired = true;
                state->expire();
            } else if (state->at != Clock::time_point::max()) {
                arm(state);
            }
        });
    }

    std::shared_ptr<State> state_;
};

} // namespace nomadic::proxy
