#include "config/validate.hpp"

#include "config/freshness_rule.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <strings.h>

namespace nomadic::config {

namespace {

using Contradiction = std::pair<std::string, std::string>;

bool is_port(std::string_view text)
{
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
           std::stoi(std::string(text)) <= 65535;
}

// A host's name or address, with a port or without: example.org, [::1]:8765.
bool is_authority(std::string_view text)
{
    const auto host_end = text.starts_with('[') ? text.find(']') + 1 : std::min(text.find(':'), text.size());
    const auto port = text.substr(host_end);
    return host_end > 0 && text.find_first_of(" /?#@*") == std::string_view::npos &&
           (port.empty() || (port.front() == ':' && is_port(port.substr(1))));
}

bool is_http_url(std::string_view text)
{
    for (const std::string_view scheme : {"http://", "https://"})
        if (text.starts_with(scheme)) {
            text.remove_prefix(scheme.size());
            return is_authority(text.substr(0, text.find('/'))) && text.find_first_of(" ?#@") == std::string_view::npos;
        }
    return false;
}

// As browsers write it (RFC 6454, section 6.2): in lower case, without a path. What is written otherwise matches none.
bool is_origin(std::string_view text)
{
    const auto scheme_end = text.find("://");
    const bool lower_case = std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return text == "null" || (scheme_end != std::string_view::npos && scheme_end > 0 && lower_case &&
                              is_authority(text.substr(scheme_end + 3)));
}

Contradiction check_guests(const Server& server)
{
    for (const auto& host : server.allowed_hosts)
        if (!is_authority(host))
            return {"server.allowed_hosts",
                    "holds \"" + host + "\", but must be a host's name, such as \"cache.example\""};
    for (const auto& origin : server.allowed_origins)
        if (!is_origin(origin))
            return {"server.allowed_origins",
                    "holds \"" + origin +
                        "\", but must be an origin as browsers send it, such as \"https://app.example\""};
    if (!std::all_of(server.bearer_tokens.begin(), server.bearer_tokens.end(), is_sendable))
        return {"server.bearer_tokens",
                "holds a text that no client could send as a token: use letters, digits and signs, without spaces"};
    return {};
}

Contradiction check_listeners(const Server& server)
{
    if (server.listen.empty() && server.unix_socket.empty())
        return {"server.listen", "is empty and there is no server.unix_socket either: nobody could connect"};
    for (const auto& address : server.listen) {
        const auto parts = split_host_port(address);
        if (!parts)
            return {"server.listen", "holds \"" + address + "\", but must be host:port, such as \"127.0.0.1:8765\""};
        const bool tokens = !server.bearer_tokens.empty() || !server.bearer_tokens_file.empty();
        const bool guarded = tokens && !server.tls_certificate.empty();
        if (!is_loopback(parts->host) && !guarded && !server.allow_insecure)
            return {"server.listen",
                    "holds \"" + address +
                        "\", which other machines can reach, without both server.tls_certificate and "
                        "server.bearer_tokens. Set them, or server.allow_insecure = true if the network is trusted"};
    }
    return {};
}

Contradiction check_pair(const std::string& first, const std::string& first_name, const std::string& second,
                         const std::string& second_name)
{
    if (first.empty() == second.empty())
        return {};
    return first.empty() ? Contradiction{second_name, "is set without " + first_name + ": both are needed"}
                         : Contradiction{first_name, "is set without " + second_name + ": both are needed"};
}

Contradiction check_url(const char* setting, const std::string& url, const char* example)
{
    if (is_http_url(url))
        return {};
    if (url.find('@') != std::string::npos)
        return {setting,
                "holds a user or password, which would be shown wherever the setting is. Leave it out; that of a "
                "proxy may stand in the environment's HTTPS_PROXY"};
    return {setting, "is \"" + url + "\", but must be a URL such as \"" + example + "\""};
}

Contradiction check_freshness_rules(const Cache& cache)
{
    for (const auto& text : cache.freshness_rules)
        if (const auto rule = parse_freshness_rule(text); !rule)
            return {"cache.freshness_rules", rule.error().detail};
    return {};
}

} // namespace

bool is_sendable(std::string_view secret)
{
    return !secret.empty() && std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<HostPort> split_host_port(std::string_view text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || !is_port(text.substr(colon + 1)))
        return std::nullopt;
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return std::nullopt;
    if (host.empty())
        return std::nullopt;
    return HostPort{std::string(host), std::string(text.substr(colon + 1))};
}

bool is_loopback(std::string_view host)
{
    // Only an address is one: a name such as 127.0.0.1.example may lead anywhere.
    in_addr address{};
    const bool is_ipv4 = ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
    return ::strcasecmp(std::string(host).c_str(), "localhost") == 0 || host == "::1" ||
           (is_ipv4 && (ntohl(address.s_addr) >> 24U) == 127);
}

std::pair<std::string, std::string> first_contradiction(const Settings& settings)
{
    const auto& server = settings.server;
    const auto& upstream = settings.upstream;
    const Contradiction found[] = {
        check_listeners(server),
        check_guests(server),
        check_pair(server.tls_certificate, "server.tls_certificate", server.tls_key, "server.tls_key"),
        check_pair(upstream.client_certificate, "upstream.client_certificate", upstream.client_key,
                   "upstream.client_key"),
        check_freshness_rules(settings.cache),
        check_url("upstream.base_url", upstream.base_url, "https://api-prod.nomadicml.com"),
        check_url("dashboard.base_url", settings.dashboard.base_url, "https://app.nomadicml.com"),
        upstream.proxy.empty() ? Contradiction{}
                               : check_url("upstream.proxy", upstream.proxy, "http://proxy.example:3128"),
    };
    for (const auto& contradiction : found)
        if (!contradiction.first.empty())
            return contradiction;
    return {};
}

} // namespace nomadic::config
