#pragma once

// Opens connections to the upstream: name, TCP, a proxy's CONNECT, TLS with the certificate and the host name verified
// (RFC 9525). Loop thread.

#include "config/settings.hpp"
#include "proxy/net/transport.hpp"
#include "proxy/upstream/authorities.hpp"
#include "proxy/upstream/endpoint.hpp"

namespace nomadic::proxy {

class Connector {
public:
    // `proxy` is where an HTTP proxy listens, if there is one. Reads the client's certificate; start only.
    static Result<std::shared_ptr<Connector>> make(const config::Upstream& settings, Endpoint endpoint,
                                                   std::optional<Endpoint> proxy,
                                                   std::shared_ptr<Authorities> authorities);

    // upstream_unreachable or upstream_timeout, in words that say which step failed.
    awaitable<Result<std::shared_ptr<Transport>>> connect();
    // The same without TLS: bytes go to the upstream, or to the proxy that its requests are sent to.
    awaitable<Result<Socket>> open_tunnel();
    const Endpoint& endpoint() const { return endpoint_; }
    bool sends_absolute_targets() const { return proxy_ && !endpoint_.encrypted; }
    // Proxy-Authorization and its line's end; "" when there is nothing to say to the proxy.
    std::string proxy_authorization() const;

    Connector(Endpoint endpoint, std::optional<Endpoint> proxy, asio::ssl::context tls,
              std::shared_ptr<Authorities> authorities, std::chrono::milliseconds connect_timeout)
        : endpoint_(std::move(endpoint)),
          proxy_(std::move(proxy)),
          tls_(std::move(tls)),
          authorities_(std::move(authorities)),
          connect_timeout_(connect_timeout)
    {}

private:
    awaitable<Result<Socket>> open_socket(const Endpoint& to);
    awaitable<Result<std::shared_ptr<Transport>>> encrypt(Socket socket);
    std::string what_to_check() const;
    Failure unreachable(const std::string& step, const std::string& why) const;

    Endpoint endpoint_;
    std::optional<Endpoint> proxy_;
    asio::ssl::context tls_;
    std::shared_ptr<Authorities> authorities_;
    std::chrono::milliseconds connect_timeout_;
};

} // namespace nomadic::proxy
