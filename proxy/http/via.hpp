#pragma once

// Via (RFC 9110, 7.6.3): what went through us says so, under a name that no other instance has, so that a request that
// comes back to where it was is told from one on its way through a chain of daemons. Any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

// "nomadic-cached-" and 16 hex digits, new with each start of the process.
const std::string& pseudonym();

// Adds our element to whatever Via there is; HTTP/1.`minor_version` is how the message came to us.
void add_via(Fields& fields, unsigned minor_version);

// The message has been through this very process.
bool has_been_here(const Fields& fields);

} // namespace nomadic::proxy
