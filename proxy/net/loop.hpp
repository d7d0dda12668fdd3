#pragma once

// The event loop of the one loop thread. What is suspended when it stops is destroyed by shutdown(), while all that the
// suspended coroutines refer to is still alive.

#include "proxy/net/asio.hpp"

namespace nomadic::proxy {

class Loop : public asio::io_context {
public:
    Loop() : asio::io_context(1) {}
    ~Loop() = default;
    void destroy_suspended() { asio::execution_context::shutdown(); }
};

} // namespace nomadic::proxy
