#include "daemon/upstream_proxy.hpp"

#include "config/validate.hpp"
#include "proxy/http/field_list.hpp"

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
    bool found = false;
    proxy::for_each_element(no_proxy, [&](std::string_view suffix) {
        if (suffix.starts_with('.'))
            suffix.remove_prefix(1);
        found = found || suffix == "*" || host == suffix || host.ends_with("." + std::string(suffix));
    });
    return found;
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
    // Without the URL, which may hold a password.
    const auto unusable = [](const char* why) {
        return Failure{.code = Errc::invalid_configuration,
                       .detail = std::string("The proxy of upstream.proxy, HTTPS_PROXY or http_proxy can't be used: ") +
                                 why + " Write http://host:port.",
                       .members = {}};
    };
    if (!url.starts_with("http://"))
        return unusable("only a plain HTTP proxy is understood.");
    auto endpoint = proxy::parse_endpoint(url);
    if (!endpoint)
        return unusable("that is no URL.");
    return std::optional(std::move(*endpoint));
}

} // namespace nomadic::daemon
