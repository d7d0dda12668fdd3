#pragma once

// Content codings (RFC 9110, 8.4.1): which one a request prefers. Any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

enum class Coding { identity, gzip, zstd };
std::string_view to_string(Coding coding); // as in Content-Encoding

// What Accept-Encoding prefers among ours; zstd before gzip when it likes them alike; identity when it says nothing.
Coding negotiate_coding(const Fields& fields);

} // namespace nomadic::proxy
