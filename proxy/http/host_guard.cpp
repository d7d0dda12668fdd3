#include "proxy/http/host_guard.hpp"

#include "config/validate.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace nomadic::proxy {

namespace {

Failure failure(Errc code, std::string detail)
{
    return {.code = code, .detail = std::move(detail), .members = {}};
}

// Without the port and an IPv6 literal's brackets.
std::string_view host_of(std::string_view authority)
{
    if (authority.starts_with('['))
        return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
    return authority.substr(0, authority.rfind(':'));
}

bool is_wildcard(std::string_view host)
{
    return host == "0.0.0.0" || host == "::";
}

} // namespace

HostGuard::HostGuard(const config::Server& server, std::vector<std::shared_ptr<const Secret>> tokens)
    : hosts_(server.allowed_hosts), origins_(server.allowed_origins), tokens_(std::move(tokens))
{
    for (const auto& address : server.listen)
        if (const auto parts = config::split_host_port(address))
            hosts_.push_back(parts->host);
}

bool HostGuard::is_ours(std::string_view authority) const
{
    const auto host = host_of(authority);
    if (config::is_loopback(host))
        return true;
    boost::system::error_code error;
    asio::ip::make_address(std::string(host), error);
    const bool is_address = !error;
    return std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& allowed) {
        // A name can be rebound, an address can't: listening on all addresses, any literal address is one of ours.
        return beast::iequals(allowed, host) || beast::iequals(allowed, authority) ||
               (is_wildcard(allowed) && is_address);
    });
}

bool HostGuard::is_listed(std::string_view origin) const
{
    return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

void HostGuard::allow_origin(const Request& request, Response& response) const
{
    const auto origin = request.fields.get("Origin");
    if (origin.empty() || !is_listed(origin))
        return;
    response.fields.set("Access-Control-Allow-Origin", std::string(origin));
    response.fields.set("Access-Control-Expose-Headers", "ETag, Cache-Status, X-Snapshot, X-Total-Count, X-Request-ID");
    response.fields.add("Vary", "Origin");
}

Result<void> HostGuard::check(const Request& request) const
{
    const auto host = request.fields.get("Host");
    if (request.peer.kind == Peer::Kind::tcp && !is_ours(host))
        return failure(Errc::misdirected, "This daemon does not answer for the host '" + std::string(host) +
                                              "'. Use localhost, or add the name to server.allowed_hosts.");
    const auto origin = request.fields.get("Origin");
    const auto own = [&](std::string_view scheme) { return origin == std::string(scheme) + std::string(host); };
    const bool strange = !origin.empty() && !own("http://") && !own("https://") && !is_listed(origin);
    // Browsers say with Sec-Fetch-Site whose page is behind a request, also where they send no Origin.
    const bool cross_site = request.fields.get("Sec-Fetch-Site") == "cross-site" && !is_listed(origin);
    if ((strange && !request.is_safe()) || cross_site)
        return failure(Errc::forbidden,
                       "A page of " + (origin.empty() ? "another site" : "'" + std::string(origin) + "'") +
                           " may not use this daemon. If it should, add its origin to server.allowed_origins.");
    if (tokens_.empty() || request.path == "/healthz" || request.path == "/readyz")
        return {};
    const auto authorization = request.fields.get("Authorization");
    const bool bearer = beast::iequals(authorization.substr(0, 7), "Bearer ");
    for (const auto& token : tokens_)
        if (bearer && token->equals(authorization.substr(7)))
            return {};
    return failure(Errc::unauthorized,
                   "This daemon asks for a local token: send 'Authorization: Bearer TOKEN' with one of those in "
                   "server.bearer_tokens.");
}

} // namespace nomadic::proxy
