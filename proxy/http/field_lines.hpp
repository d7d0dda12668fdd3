#pragma once

// The lines of a head, request's or response's alike, read strictly: only CR LF ends one, none is folded, no value
// holds a control character (RFC 9112, sections 2.2 and 5). Failures are Errc::bad_request whose detail is the bare
// complaint; who reads the head says whose it was. Pure, any thread.

#include "proxy/http/message.hpp"

namespace nomadic::proxy {

bool is_token(std::string_view text);       // RFC 9110, 5.6.2
bool is_visible(char c);                    // neither space nor control character
bool is_field_value(std::string_view text); // no control character but the tab

// Takes a line off the front, without its CR LF; nothing when the first LF has no CR before it.
std::optional<std::string_view> take_line(std::string_view& bytes);

// One `name: value`.
Result<void> take_field(std::string_view line, Fields& fields);
// All of them, up to and including the empty line.
Result<void> take_fields(std::string_view& bytes, Fields& fields);

// Absent, or one number given once.
Result<std::optional<std::uint64_t>> content_length(const Fields& fields);

// The length of the head at the front of `bytes`, its empty line included; empty while it is not all there.
std::optional<std::size_t> head_length(std::string_view bytes);

} // namespace nomadic::proxy
