#include "daemon/upstream_proxy.hpp"

#include "config/validate.hpp"

namespace nomadic::daemon {

namespace {

std::string value_of(const config::Environment& environment, std::initializer_list<const char*> names)
{
    for (const char* name : names)
        if (const auto found = environment.find(name); found != environment.end() && !found->second.empty())
            return found->second;
    return {};
}

bool excepted(std::string_view host, std::string_view no_proxy)
{
    while (!no_proxy.empty()) {
        const auto comma = std::min(no_proxy.find(','), no_proxy.size());
        auto suffix = no_proxy.substr(0, comma);
        no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
        while (suffix.starts_with(' ') || suffix.starts_with('.'))
            suffix.remove_prefix(1);
        if (suffix == "*" || host == suffix || (!suffix.empty() && host.ends_with("." + std::string(suffix))))
            return true;
    }
    return false;
}

} // namespace

Result<std::optional<proxy::Endpoint>> upstream_proxy(const config::Upstream& settings, const proxy::Endpoint& upstream,
                                                      const config::Environment& environment)
{
    auto url = settings.proxy;
    if (url.empty() && !config::is_loopback(upstream.host) &&
        !excepted(upstream.host, value_of(environment, {"NO_PROXY", "no_proxy"})))
        url = upstream.encrypted
                  ? value_of(environment, {"HTTPS_PROXY", "https_proxy"})
                  : value_of(environment, {"http_proxy"}); // HTTP_PROXY can be forged in CGI: see httpoxy
    if (url.empty())
        return std::optional<proxy::Endpoint>{};
    if (!url.starts_with("http://"))
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "The proxy " + url +
                                 " can't be used: only http://host:port is understood. Set "
                                 "upstream.proxy.",
                       .members = {}};
    auto endpoint = proxy::parse_endpoint(url);
    if (!endpoint)
        return endpoint.error();
    return std::optional(std::move(*endpoint));
}

} // namespace nomadic::daemon
