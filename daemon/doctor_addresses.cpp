// Where the daemon listens, or would.

#include "config/validate.hpp"
#include "daemon/doctor_certificates.hpp"
#include "daemon/within.hpp"

#include "proxy/net/transport.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <sys/un.h>
#include <unistd.h>

namespace nomadic::daemon {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace fs = std::filesystem;
using proxy::as_result;
using proxy::awaitable;

constexpr std::chrono::seconds patience_with_a_neighbour{2};

// Ours says so in its answer, also when it asks for a token: whose port it is is not known, so none is sent.
std::string name_in(const http::response<http::string_body>& answer)
{
    boost::system::error_code error;
    const auto document = boost::json::parse(answer.body(), error);
    const auto* object = error ? nullptr : document.if_object();
    const auto* version = object == nullptr ? nullptr : object->if_contains("version");
    if (answer.result() == http::status::ok && version != nullptr && version->is_string())
        return "nomadic-cached " + std::string(version->get_string());
    const auto* type = object == nullptr ? nullptr : object->if_contains("type");
    return type != nullptr && type->is_string() && type->get_string().starts_with("urn:nomadic-cached:")
               ? "nomadic-cached"
               : "";
}

// Who answers there, if that is one of ours.
template <class Stream>
awaitable<std::string> ask(Stream& stream)
{
    http::request<http::empty_body> request(http::verb::get, "/v1/status", 11);
    request.set(http::field::host, "localhost");
    request.set(http::field::connection, "close");
    auto [write_error, written] = co_await http::async_write(stream, request, as_result);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    auto [error, read] = co_await http::async_read(stream, buffer, answer, as_result);
    co_return write_error || error ? std::string{} : name_in(answer);
}

awaitable<std::string> who_answers(asio::generic::stream_protocol::endpoint endpoint, bool encrypted)
{
    proxy::Socket socket(co_await asio::this_coro::executor);
    auto [connect_error] = co_await socket.async_connect(endpoint, as_result);
    if (connect_error)
        co_return "";
    if (!encrypted)
        co_return co_await ask(socket);
    asio::ssl::context tls(asio::ssl::context::tls_client);
    proxy::TlsSocket stream(std::move(socket), tls);
    auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
    if (error)
        co_return "";
    co_return co_await ask(stream);
}

std::string what_to_do(const boost::system::error_code& error)
{
    if (error == asio::error::access_denied)
        return "Ports below 1024 need CAP_NET_BIND_SERVICE, or a systemd socket: choose another in server.listen.";
    if (error == asio::error::address_in_use)
        return "Stop what uses it (ss -ltnp shows it), or choose another in server.listen.";
    return "Choose an address of this machine (ip address lists them) in server.listen.";
}

boost::system::error_code try_to_listen(const asio::ip::tcp::endpoint& endpoint)
{
    asio::io_context context;
    boost::system::error_code error;
    asio::ip::tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), error);
    if (!error)
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error)
        acceptor.bind(endpoint, error);
    return error;
}

Finding examine_address(const std::string& address, const config::Server& settings)
{
    const auto subject = "port";
    const auto parts = config::split_host_port(address);
    asio::io_context context;
    boost::system::error_code error;
    const auto found = asio::ip::tcp::resolver(context).resolve(parts->host == "localhost" ? "127.0.0.1" : parts->host,
                                                                parts->port, asio::ip::tcp::resolver::passive, error);
    if (error)
        return problem(subject, address + " can't be listened on: " + error.message(), what_to_do(error));
    const auto endpoint = found.begin()->endpoint();
    if (endpoint.port() == 0)
        return fine(subject, address + ": a free one is taken at the start");
    const auto ours = within(patience_with_a_neighbour, who_answers(endpoint, !settings.tls_certificate.empty()));
    if (ours && !ours->empty())
        return fine(subject, address + ": " + *ours + " answers there");
    error = try_to_listen(endpoint);
    if (error)
        return problem(subject, address + " can't be listened on: " + error.message(), what_to_do(error));
    return fine(subject, address + " is free");
}

Finding examine_unix_socket(const std::string& path)
{
    const auto subject = "unix socket";
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return problem(subject, path + " is longer than the 107 bytes that a socket's path may have",
                       "Choose a shorter one with server.unix_socket.");
    std::error_code error;
    const auto status = fs::status(path, error);
    if (fs::exists(status)) {
        if (!fs::is_socket(status))
            return problem(subject, path + " is there and no socket",
                           "Move it away, or choose another with server.unix_socket.");
        const asio::local::stream_protocol::endpoint endpoint(path);
        const auto ours = within(patience_with_a_neighbour, who_answers(endpoint, false));
        return fine(subject, ours && !ours->empty() ? path + ": " + *ours + " answers there"
                                                    : path + " is there, and nomadic-cached does not answer");
    }
    const auto parent = fs::absolute(path).parent_path();
    if (::access(parent.c_str(), W_OK | X_OK) != 0)
        return problem(subject, parent.string() + " is not there, or not writable for this user",
                       "Make that directory, or choose another with server.unix_socket.");
    return fine(subject, path + " is free");
}

} // namespace

Findings examine_addresses(const config::Server& settings)
{
    Findings findings;
    if (!settings.tls_certificate.empty())
        findings.push_back(examine_certificate("certificate", settings.tls_certificate, settings.tls_key));
    for (const auto& address : settings.listen)
        findings.push_back(examine_address(address, settings));
    if (!settings.unix_socket.empty())
        findings.push_back(examine_unix_socket(settings.unix_socket));
    return findings;
}

} // namespace nomadic::daemon
