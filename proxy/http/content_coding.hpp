#pragma once

// Content codings (RFC 9110, 8.4.1): which one a request prefers, and how bytes become it. Any thread.

#include "cache/body.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

enum class Coding { identity, gzip, zstd };
std::string_view to_string(Coding coding); // as in Content-Encoding

// What Accept-Encoding prefers among ours; zstd before gzip when it likes them alike; identity when it says nothing.
Coding negotiate_coding(const Fields& fields);

// Reads all of `body` and writes it, coded, through `builder`. Blocks.
Result<std::shared_ptr<const cache::Body>> encode(const cache::Body& body, Coding coding, cache::BodyBuilder& builder);

} // namespace nomadic::proxy
