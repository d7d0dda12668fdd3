#pragma once

// The request's Cache-Control (RFC 9111, 5.2.1). Any thread.

#include "cache/freshness.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

// What is unknown or malformed is ignored, as RFC 9111 asks; `Pragma: no-cache` counts when there is no Cache-Control.
cache::Directives request_directives(const Fields& fields);

} // namespace nomadic::proxy
