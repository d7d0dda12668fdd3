#pragma once

// Times as RFC 3339 texts. Any thread.

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nomadic::proxy {

std::string format_rfc3339(TimePoint time);                    // 2026-01-31T12:00:00.123Z
std::optional<TimePoint> parse_rfc3339(std::string_view text); // of the years 1970 to 2261

} // namespace nomadic::proxy
