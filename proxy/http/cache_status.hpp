#pragma once

// Cache-Status (RFC 9211), Age and Cache-Control of an answer. Any thread.

#include "proxy/http/message.hpp"
#include "proxy/service/answer.hpp"

namespace nomadic::proxy {

std::string cache_status(const Provenance& provenance);
// Sets all three, from what the answer's provenance says.
void describe_freshness(const Provenance& provenance, Fields& fields);

} // namespace nomadic::proxy
