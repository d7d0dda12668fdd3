#pragma once

// Conditional requests (RFC 9110, 13) and the dates they need. Any thread.

#include "base/clock.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

std::string http_date(TimePoint time);                           // IMF-fixdate
std::optional<TimePoint> parse_http_date(std::string_view text); // in any of the three forms of RFC 9110, 5.6.7

// Whether 304 is the answer: If-None-Match when it is there, else If-Modified-Since. `etag` with its quotes.
bool not_modified(const Fields& request, std::string_view etag, TimePoint last_modified);

} // namespace nomadic::proxy
