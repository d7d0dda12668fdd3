#pragma once

// X-Request-ID: the client's own, echoed when it is sane, or one of ours. Loop thread.

#include <string>
#include <string_view>

namespace nomadic::proxy {

// A client's id can't disturb a log or a header.
bool is_sane_id(std::string_view id);
// Unique among this process's; 16 hexadecimal digits.
std::string next_request_id();
void append_next_request_id(std::string& out);

} // namespace nomadic::proxy
