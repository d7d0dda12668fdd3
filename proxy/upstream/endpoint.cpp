#include "proxy/upstream/endpoint.hpp"

#include <boost/url/parse.hpp>
#include <openssl/evp.h>

namespace nomadic::proxy {

namespace {

std::string basic(const std::string& user_and_password)
{
    // Four characters for three bytes, and the NUL that OpenSSL writes after them.
    std::string encoded((user_and_password.size() + 2) / 3 * 4 + 1, '\0');
    const auto length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                        reinterpret_cast<const unsigned char*>(user_and_password.data()), // the C API's own way
                        static_cast<int>(user_and_password.size()));
    encoded.resize(static_cast<std::size_t>(length));
    return "Basic " + encoded;
}

} // namespace

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
    if (parsed->has_userinfo())
        endpoint.authorization = std::make_shared<const Secret>(basic(parsed->userinfo()));
    endpoint.base_path = parsed->encoded_path();
    while (endpoint.base_path.ends_with('/'))
        endpoint.base_path.pop_back();
    return endpoint;
}

} // namespace nomadic::proxy
