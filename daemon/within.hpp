#pragma once

// Runs a step of the network to its end, but no longer than it may take. Blocks.

#include "proxy/net/loop.hpp"

#include <optional>

namespace nomadic::daemon {

// Empty when it took longer. What the step refers to must be its own: it is destroyed here.
template <class Value>
std::optional<Value> within(std::chrono::milliseconds patience, proxy::awaitable<Value> step)
{
    std::optional<Value> result;
    proxy::Loop loop;
    boost::asio::co_spawn(loop, std::move(step), [&result](const std::exception_ptr& thrown, Value value) {
        if (!thrown)
            result = std::move(value);
    });
    loop.run_for(patience);
    loop.destroy_suspended();
    return result;
}

} // namespace nomadic::daemon
