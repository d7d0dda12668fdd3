#include "proxy/upstream/connector.hpp"

namespace nomadic::proxy {

namespace {

Failure unusable(const std::string& setting, const std::string& file, const boost::system::error_code& error)
{
    return {.code = Errc::invalid_configuration,
            .detail =
                setting + ": " + file + " can't be used: " + error.message() + ". It must be a readable PEM file.",
            .members = {}};
}

Result<void> load_certificate(asio::ssl::context& tls, const config::Upstream& settings)
{
    if (settings.client_certificate.empty())
        return {};
    boost::system::error_code error;
    tls.use_certificate_chain_file(settings.client_certificate, error);
    if (error)
        return unusable("upstream.client_certificate", settings.client_certificate, error);
    tls.use_private_key_file(settings.client_key, asio::ssl::context::pem, error);
    if (error)
        return unusable("upstream.client_key", settings.client_key, error);
    return {};
}

// A certificate that is refused is the usual reason; OpenSSL's error alone does not say what is wrong with it.
std::string why_not(const SSL* connection, const boost::system::error_code& error)
{
    const long verdict = ::SSL_get_verify_result(connection);
    if (verdict == X509_V_OK)
        return error.message();
    const bool name = verdict == X509_V_ERR_UNSPECIFIED; // what refusing in a callback leaves
    return error.message() + ": " + (name ? "it is of another host" : ::X509_verify_cert_error_string(verdict));
}

// Closes the socket when it takes too long.
class ConnectTimer {
public:
    template <class Closable>
    ConnectTimer(Closable& closable, std::chrono::milliseconds limit)
        : deadline_(closable.get_executor(), [&closable] {
              boost::system::error_code ignored;
              closable.lowest_layer().close(ignored);
          })
    {
        deadline_.in(limit);
    }
    bool expired() const { return deadline_.expired(); }

private:
    Deadline deadline_;
};

} // namespace

Result<std::shared_ptr<Connector>> Connector::make(const config::Upstream& settings, Endpoint endpoint,
                                                   std::optional<Endpoint> proxy,
                                                   std::shared_ptr<Authorities> authorities)
{
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    tls.set_verify_mode(asio::ssl::verify_peer);
    if (endpoint.encrypted)
        if (auto loaded = load_certificate(tls, settings); !loaded)
            return loaded.error();
    return std::make_shared<Connector>(std::move(endpoint), std::move(proxy), std::move(tls), std::move(authorities),
                                       settings.connect_timeout);
}

std::string Connector::proxy_authorization() const
{
    if (!proxy_ || !proxy_->authorization)
        return {};
    return "Proxy-Authorization: " + std::string(proxy_->authorization->reveal()) + "\r\n";
}

awaitable<Result<std::shared_ptr<Transport>>> Connector::connect()
{
    auto socket = co_await open_tunnel();
    if (!socket)
        co_return socket.error();
    if (!endpoint_.encrypted)
        co_return make_transport(std::move(*socket));
    co_return co_await encrypt(std::move(*socket));
}

awaitable<Result<Socket>> Connector::open_tunnel()
{
    auto socket = co_await open_socket(proxy_ ? *proxy_ : endpoint_);
    if (!socket || !proxy_ || !endpoint_.encrypted)
        co_return socket;
    const auto host = endpoint_.host.find(':') == std::string::npos ? endpoint_.host : "[" + endpoint_.host + "]";
    const auto target = host + ":" + endpoint_.port;
    const ConnectTimer timer(*socket, connect_timeout_);
    const auto request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + proxy_authorization() + "\r\n";
    auto [write_error, written] = co_await asio::async_write(*socket, asio::buffer(request), as_result);
    beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser;
    parser.skip(true);
    auto [error, count] = co_await http::async_read_header(*socket, buffer, parser, as_result);
    const auto tunnelling = "tunnelling through " + proxy_->authority();
    if (error)
        co_return unreachable(tunnelling, error.message());
    const auto status = parser.get().result_int();
    if (!write_error && status == 200)
        co_return socket;
    auto refused = unreachable(tunnelling, "the proxy answered " + std::to_string(status));
    if (status == 407)
        refused.advice = "Put the user and password that the proxy asks for into HTTPS_PROXY or http_proxy: "
                         "http://USER:PASSWORD@HOST:PORT.";
    co_return refused;
}

awaitable<Result<Socket>> Connector::open_socket(const Endpoint& to)
{
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    auto [resolve_error, addresses] = co_await resolver.async_resolve(to.host, to.port, as_result);
    if (resolve_error)
        co_return unreachable("looking up " + to.host, resolve_error.message());
    asio::ip::tcp::socket socket(executor);
    const ConnectTimer timer(socket, connect_timeout_);
    auto [error, address] = co_await asio::async_connect(socket, addresses, as_result);
    if (timer.expired())
        co_return Failure{.code = Errc::upstream_timeout,
                          .detail = "The upstream " + endpoint_.authority() +
                                    " did not take a connection in time (upstream.connect_timeout).",
                          .members = {},
                          .advice = what_to_check()};
    if (error)
        co_return unreachable("connecting to " + to.authority(), error.message());
    boost::system::error_code ignored; // only slower without
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return Socket(std::move(socket));
}

awaitable<Result<std::shared_ptr<Transport>>> Connector::encrypt(Socket socket)
{
    co_await authorities_->vouch_in(tls_);
    TlsSocket stream(std::move(socket), tls_);
    stream.set_verify_callback(asio::ssl::host_name_verification(endpoint_.host));
    boost::system::error_code not_an_address;
    asio::ip::make_address(endpoint_.host, not_an_address);
    // Only names have a place in server_name (RFC 6066, 3).
    if (not_an_address && SSL_set_tlsext_host_name(stream.native_handle(), endpoint_.host.c_str()) != 1)
        co_return unreachable("TLS", "the host name can't be sent");
    const ConnectTimer timer(stream, connect_timeout_);
    auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
    if (timer.expired())
        co_return unreachable("TLS", "the handshake took longer than upstream.connect_timeout");
    if (error)
        co_return unreachable("TLS", why_not(stream.native_handle(), error));
    co_return make_transport(std::move(stream));
}

std::string Connector::what_to_check() const
{
    return proxy_ ? "Check the network, upstream.base_url and upstream.proxy."
                  : "Check the network and upstream.base_url.";
}

Failure Connector::unreachable(const std::string& step, const std::string& why) const
{
    return {.code = Errc::upstream_unreachable,
            .detail = "The upstream " + endpoint_.authority() + " can't be reached: " + step + " failed (" + why + ").",
            .members = {},
            .advice = what_to_check()};
}

} // namespace nomadic::proxy
