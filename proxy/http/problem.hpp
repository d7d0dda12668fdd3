#pragma once

// The one place where a Failure becomes a status and an application/problem+json document (RFC 9457). Any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

unsigned status_of(Errc code);
// `instance` is the request's target.
Response problem(const Failure& failure, std::string_view instance);
// The same to who uses the API's own routes. The official clients retry 504 and then drop our message; 424 reaches
// their user at once.
Response api_problem(const Failure& failure, const Request& request);

} // namespace nomadic::proxy
