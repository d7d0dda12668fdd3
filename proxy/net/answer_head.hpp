#pragma once

// The head of an answer as it goes on the wire. Pure, any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

enum class Connection { keep_alive, close };

// Everything but the empty line that ends it. `framing` is one field line or nothing.
std::string begin_head(const Response& response, std::string_view framing, Connection connection,
                       unsigned minor_version);

// How long the body of an answer in memory or in a file is; what a HEAD answer says it would be.
std::uint64_t body_size(const Response& response);
// The framing field of such an answer; nothing where there may be none.
std::string length_framing(const Response& response);
// RFC 9110, 6.4.1: whatever its fields say, it ends with its head.
bool is_bodiless(const Response& response);

} // namespace nomadic::proxy
