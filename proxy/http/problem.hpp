#pragma once

// The one place where a Failure becomes a status and an application/problem+json document (RFC 9457). Any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

unsigned status_of(Errc code);
// `instance` is the request's target.
Response problem(const Failure& failure, std::string_view instance);

} // namespace nomadic::proxy
