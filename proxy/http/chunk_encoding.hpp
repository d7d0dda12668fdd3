#pragma once

// The chunked transfer coding, written (RFC 9112, 7.1). A chunk is one text, so that it is one write. Pure.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

// Replaces `out` by one chunk of `bytes`, which must not be empty: the empty chunk is the last.
void encode_chunk(std::string_view bytes, std::string& out);

// The last chunk, with the trailer fields that may come after it.
std::string last_chunk(const Fields& trailers);

// Of the trailers that came with a message, those that may go on: nothing that frames, routes or authenticates, which a
// careless reader would merge into the head it has already acted upon (RFC 9110, 6.5.1).
Fields allowed_trailers(const Fields& received);

} // namespace nomadic::proxy
