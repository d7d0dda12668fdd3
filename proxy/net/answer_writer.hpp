#pragma once

// Puts a Response on the wire: the head, its framing, and the body from memory, a file or a stream. Loop thread.

#include "config/settings.hpp"
#include "proxy/net/answer_head.hpp"
#include "proxy/net/transport.hpp"

namespace nomadic::proxy {

// False when the connection can't be used any more. Files are read on `workers`.
awaitable<bool> write_answer(Transport& transport, asio::thread_pool& workers, const config::Limits& limits,
                             const Request& request, Response& response, Connection connection);

} // namespace nomadic::proxy
