#pragma once

// A rendered answer on its way: first there is nothing of it, then perhaps its length and its first bytes, at last all
// of it, or why there is no more. Whoever reads it waits here. Loop thread.

#include "cache/hot_cache.hpp"
#include "proxy/net/asio.hpp"

namespace nomadic::proxy {

class Growth {
public:
    explicit Growth(const asio::any_io_executor& executor) : changed_(executor, asio::steady_timer::time_point::max())
    {}

    // The body has its size, and so many of its bytes.
    void advance(cache::HotEntry entry, std::uint64_t grown);
    void end(Result<cache::HotEntry> whole);
    bool ended() const { return ended_; }

    // Waits for its length and its first bytes.
    awaitable<Result<cache::HotEntry>> begun();
    // Waits for bytes behind the first `offset`, which is less than the size; returns how many there are from the
    // body's beginning.
    awaitable<Result<std::uint64_t>> beyond(std::uint64_t offset);

private:
    awaitable<bool> change(); // false when the waiter was cancelled first
    void changed();

    asio::steady_timer changed_; // never expires; cancelling it is the wake-up
    std::uint64_t changes_ = 0;
    std::optional<Result<cache::HotEntry>> entry_;
    std::uint64_t grown_ = 0;
    bool ended_ = false;
};

} // namespace nomadic::proxy
