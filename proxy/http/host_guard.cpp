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

// The host of `host`, `host:port` or `[IPv6]:port`, without brackets; empty when it is none of these.
std::string_view host_of(std::string_view authority)
{
    const bool literal = authority.starts_with('[');
    const auto end = std::min(literal ? authority.find(']') : authority.find(':'), authority.size());
    const auto host = authority.substr(literal ? 1 : 0, end - (literal ? 1 : 0));
    const auto rest = authority.substr(std::min(end + (literal ? 1 : 0), authority.size()));
    const bool port = rest.empty() || (rest.front() == ':' && std::all_of(rest.begin() + 1, rest.end(),
                                                                          [](char c) { return c >= '0' && c <= '9'; }));
    return port ? host : std::string_view{};
}

// A browser asks, without credentials, whether it may ask with them (the Fetch standard's CORS-preflight request).
bool is_preflight(const Request& request)
{
    return request.method == "OPTIONS" && request.fields.has("Access-Control-Request-Method");
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

std::optional<Response> HostGuard::preflight(const Request& request) const
{
    if (!is_preflight(request))
        return std::nullopt;
    Response response{.status = 204};
    response.fields.add("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
    if (const auto asked = request.fields.joined("Access-Control-Request-Headers"); !asked.empty())
        response.fields.add("Access-Control-Allow-Headers", asked);
    response.fields.add("Access-Control-Max-Age", "600");
    response.fields.add("Vary", "Access-Control-Request-Headers");
    return response;
}

Result<void> HostGuard::check(const Request& request) const
{
    const auto host = request.fields.get("Host");
    if (request.peer.kind == Peer::Kind::tcp && !is_ours(host))
        return failure(Errc::misdirected, "This daemon does not answer for the host '" + std::string(host) +
                                              "'. Use localhost, or add the name to server.allowed_hosts.");
    if (auto allowed = check_page(request, host); !allowed)
        return allowed;
    if (is_preflight(request))
        return {}; // without a token, but answered right here: nothing else is ever let past for it
    return check_token(request);
}

// A page of another origin may neither read nor write, and another port of this machine is another origin. Browsers say
// which page is behind a request with Origin, and with Sec-Fetch-Site also where they send no Origin.
Result<void> HostGuard::check_page(const Request& request, std::string_view host) const
{
    const auto origin = request.fields.get("Origin");
    if (is_listed(origin))
        return {};
    const auto own = [&](std::string_view scheme) { return origin == std::string(scheme) + std::string(host); };
    const bool strange = !origin.empty() && !own("http://") && !own("https://");
    const auto site = request.fields.get("Sec-Fetch-Site");
    if (!strange && site != "cross-site" && site != "same-site")
        return {};
    return failure(Errc::forbidden,
                   "A page of " + (origin.empty() ? "another site" : "'" + std::string(origin) + "'") +
                       " may not use this daemon. If it should, add its origin to server.allowed_origins.");
}

Result<void> HostGuard::check_token(const Request& request) const
{
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
