#pragma once

// Reads the head of the upstream's answer as strictly as a request's: what two readers could understand differently,
// or what could begin a second answer (response splitting), is no answer at all. Pure, any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

struct ResponseHead {
    unsigned status = 0;
    unsigned minor_version = 1; // of HTTP/1
    std::string reason;
    Fields fields;

    enum class Body { none, counted, chunked, until_close } body = Body::none; // RFC 9112, 6.3
    std::optional<std::uint64_t> content_length; // of the body; or, where there is none, what it would have
    bool keep_alive = true;

    bool informational() const { return status < 200; }
};

// `head` is what head_length() measured. Fails with Errc::upstream_failed.
Result<ResponseHead> parse_response_head(std::string_view head, std::string_view request_method);

} // namespace nomadic::proxy
