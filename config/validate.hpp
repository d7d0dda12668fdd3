#pragma once

// What single values can't show: settings that contradict each other or can't be used. Pure, any thread.

#include "config/settings.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace nomadic::config {

// The first setting that can't stand and what is wrong with it; an empty name when all is well.
std::pair<std::string, std::string> first_contradiction(const Settings& settings);

struct HostPort {
    std::string host; // without the brackets of an IPv6 literal
    std::string port;
};
std::optional<HostPort> split_host_port(std::string_view text); // "127.0.0.1:80", "[::1]:80", "localhost:80"
bool is_loopback(std::string_view host);
bool is_sendable(std::string_view secret); // as a key or token in a field: printable ASCII without spaces

} // namespace nomadic::config
