#include "proxy/upstream/endpoint.hpp"

#include <boost/url/parse.hpp>

namespace nomadic::proxy {

std::string Endpoint::authority() const
{
    const auto name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (encrypted ? "443" : "80") ? name : name + ":" + port;
}

Result<Endpoint> parse_endpoint(std::string_view base_url)
{
    const auto parsed = boost::urls::parse_uri(base_url);
    const bool http = parsed && (parsed->scheme() == "http" || parsed->scheme() == "https");
    if (!http || parsed->encoded_host().empty())
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "upstream.base_url is \"" + std::string(base_url) +
                                 "\", but must be a URL such as \"https://api-prod.nomadicml.com\".",
                       .members = {}};
    Endpoint endpoint;
    endpoint.encrypted = parsed->scheme() == "https";
    endpoint.host = parsed->host_address();
    endpoint.port = parsed->has_port() && !parsed->port().empty() ? std::string(parsed->port())
                    : endpoint.encrypted                          ? "443"
                                                                  : "80";
    endpoint.base_path = parsed->encoded_path();
    while (endpoint.base_path.ends_with('/'))
        endpoint.base_path.pop_back();
    return endpoint;
}

} // namespace nomadic::proxy
