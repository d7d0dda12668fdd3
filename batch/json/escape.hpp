#pragma once

// The escapes within JSON strings (RFC 8259, 7). Half a surrogate pair, which Python would keep, is no character: it
// becomes U+FFFD. Pure; any thread.

#include <string>

namespace nomadic::batch::json {

// Appends what the escape means whose backslash stands before `at`, and moves `at` behind it. Returns null, or what is
// wrong with it, and `at` is where.
const char* unescape(const char*& at, const char* end, std::string& out);

} // namespace nomadic::batch::json
