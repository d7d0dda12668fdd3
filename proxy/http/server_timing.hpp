#pragma once

// Server-Timing (W3C): where an answer's time went, in milliseconds. Any thread.

#include <chrono>
#include <string>

namespace nomadic::proxy {

// With three decimals, without a unit: "12.345".
void append_milliseconds(std::chrono::nanoseconds duration, std::string& out);

// Appends the field's value: how long finding the batch took, and how long making the bytes.
void append_server_timing(std::chrono::nanoseconds lookup, std::chrono::nanoseconds render, std::string& out);

} // namespace nomadic::proxy
