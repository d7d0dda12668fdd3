#pragma once

// The percent-encoded parts of a request target. Pure, any thread.

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nomadic::proxy {

// RFC 3986, 2.1. Fails with Errc::bad_request on a broken escape or an encoded NUL.
Result<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text); // everything but unreserved characters

// application/x-www-form-urlencoded, in order, repeats kept.
using Query = std::vector<std::pair<std::string, std::string>>;
Result<Query> parse_query(std::string_view query);

} // namespace nomadic::proxy
