#pragma once

// docs/openapi.json, embedded at build time.

#include <string_view>

namespace nomadic::proxy {

extern const std::string_view openapi_document;

} // namespace nomadic::proxy
