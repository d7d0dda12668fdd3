#pragma once

// Durations and sizes as people write them: "500ms", "60s", "2m", "24h", "7d"; "65536", "64 KiB", "2 GiB". Any thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nomadic {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text); // a unit is needed
std::string format_duration(std::chrono::milliseconds duration);                // in the largest unit that is exact

std::optional<std::uint64_t> parse_size(std::string_view text); // bytes when there is no unit; powers of 1024
std::string format_size(std::uint64_t bytes);                   // in the largest unit that is exact

} // namespace nomadic
