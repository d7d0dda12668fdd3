#pragma once

// Where the upstream is, read off upstream.base_url. Pure, any thread.

#include "base/error.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace nomadic::proxy {

struct Endpoint {
    bool encrypted = true;
    std::string host;
    std::string port;
    std::string base_path; // "" or "/prefix", put before every target
    // The user and password of the URL as a value of Proxy-Authorization (RFC 7617); null without.
    std::shared_ptr<const Secret> authorization;

    std::string authority() const; // as in Host: without the scheme's own port
};

Result<Endpoint> parse_endpoint(std::string_view base_url);

} // namespace nomadic::proxy
