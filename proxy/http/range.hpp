#pragma once

// Byte ranges (RFC 9110, 14): how a download that broke off goes on. Any thread.

#include "base/clock.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t length = 0;
};

// What of a representation of `size` bytes a GET asks for. Everything, when there is no Range, when If-Range names
// another state, or when Range is not understood or lists several ranges, which a server may ignore. A failure
// (Errc::range_not_satisfiable) when nothing of it is there.
Result<std::optional<ByteRange>> requested_range(const Request& request, std::string_view etag, TimePoint last_modified,
                                                 std::uint64_t size);

// Content-Range of a 206, and of a 416.
std::string content_range(const ByteRange& range, std::uint64_t size);
std::string unsatisfied_range(std::uint64_t size);

} // namespace nomadic::proxy
