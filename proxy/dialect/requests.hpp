#pragma once

// The bodies that the official clients send, read. Pure, any thread.

#include "batch/filter.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nomadic::proxy {

inline constexpr std::size_t most_video_ids = 500; // upstream's own limit for one bulk request

// `{"video_ids": [...]}`; empty when it is not what upstream would take without complaint.
std::optional<std::vector<std::string>> parse_bulk_request(std::string_view body);

// `{"filter": [...] | null}`; empty when it is malformed.
struct FilterRequest {
    std::vector<std::string> approvals; // none: every event
};
std::optional<FilterRequest> parse_filter_request(std::string_view body);

} // namespace nomadic::proxy
