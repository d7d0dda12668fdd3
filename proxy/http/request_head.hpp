#pragma once

// Reads a request's head, strictly: whatever two readers could understand differently is refused (RFC 9112, sections 3,
// 5, 6.3 and 11.2), since that is what request smuggling is made of. Pure, any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

struct Framing {
    bool chunked = false;
    std::optional<std::uint64_t> content_length; // absent and not chunked: no body
    bool keep_alive = true;
    bool expects_continue = false;

    bool has_body() const { return chunked || content_length.value_or(0) != 0; }
};

struct RequestHead {
    Request request; // peer, request_id and body are the session's to fill
    Framing framing;
};

// `head` is what head_length() (field_lines.hpp) measured. Fails with Errc::bad_request.
Result<RequestHead> parse_request_head(std::string_view head);

} // namespace nomadic::proxy
