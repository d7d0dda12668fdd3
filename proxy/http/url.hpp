#pragma once

// The percent-encoded parts of a request target. Pure, any thread.

#include "base/error.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nomadic::proxy {

// RFC 3986, 2.1. Fails with Errc::bad_request on a broken escape or an encoded NUL.
Result<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text); // everything but unreserved characters

// Fails with Errc::bad_request when `id`, decoded, can't be one segment of a path for everybody: a dot segment, text
// with a slash or a control character, what is not UTF-8 or longer than any id is.
Result<void> check_segment(std::string_view id);

// A path as whoever decodes and resolves it first (RFC 3986, 5.2.4) would understand it: without escapes, empty and dot
// segments. Broken escapes stay as they are. Absent when it leads above its root or holds a NUL.
std::optional<std::string> resolve_path(std::string_view path);

// application/x-www-form-urlencoded, in order, repeats kept.
using Query = std::vector<std::pair<std::string, std::string>>;
Result<Query> parse_query(std::string_view query);

// Fails with Errc::bad_request when a parameter that is not `repeatable` is there twice: of two readers, one might take
// the first and the other the last.
Result<void> refuse_repeats(const Query& query, std::initializer_list<std::string_view> repeatable = {});

} // namespace nomadic::proxy
