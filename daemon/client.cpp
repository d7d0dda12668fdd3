#include "daemon/client.hpp"

#include "config/validate.hpp"
#include "daemon/exit_status.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <iostream>

namespace nomadic::daemon {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

Failure no_daemon(const std::string& server, const std::string& why)
{
    return {.code = Errc::upstream_unreachable,
            .detail = "No daemon answers at " + server + " (" + why +
                      "). Start one with 'nomadic-cached serve', or name another with --server.",
            .members = {}};
}

template <class Stream>
Result<Reply> exchange(Stream& stream, const http::request<http::empty_body>& request, const std::string& server)
{
    boost::system::error_code error;
    http::write(stream, request, error);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.skip(request.method() == http::verb::head);
    if (!error)
        http::read(stream, buffer, parser, error);
    if (error)
        return no_daemon(server, error.message());
    auto response = parser.release();
    Reply reply{.status = response.result_int(), .fields = {}, .body = std::move(response.body())};
    for (const auto& field : response) {
        std::string name(field.name_string());
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
        reply.fields[name] = field.value();
    }
    return reply;
}

std::string default_server(const config::Server& settings)
{
    if (!settings.unix_socket.empty())
        return "unix:" + settings.unix_socket;
    return settings.listen.empty() ? std::string("http://127.0.0.1:8765") : "http://" + settings.listen.front();
}

} // namespace

Client::Client(std::string server, const config::Server& settings)
    : server_(server.empty() ? default_server(settings) : std::move(server)),
      token_(settings.bearer_tokens.empty() ? "" : settings.bearer_tokens.front())
{}

Result<Reply> Client::request(std::string method, std::string target, std::string accept) const
{
    http::request<http::empty_body> request(http::string_to_verb(method), target, 11);
    request.set(http::field::host, "localhost");
    request.set(http::field::accept, accept);
    request.set(http::field::connection, "close");
    if (!token_.empty())
        request.set(http::field::authorization, "Bearer " + token_);

    asio::io_context context;
    boost::system::error_code error;
    if (server_.starts_with("unix:")) {
        asio::local::stream_protocol::socket socket(context);
        socket.connect(asio::local::stream_protocol::endpoint(server_.substr(5)), error);
        return error ? Result<Reply>(no_daemon(server_, error.message())) : exchange(socket, request, server_);
    }
    auto authority = server_;
    if (authority.starts_with("http://"))
        authority = authority.substr(7);
    while (authority.ends_with('/'))
        authority.pop_back();
    const auto address = config::split_host_port(authority);
    if (!address)
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "--server is \"" + server_ + "\", but must be http://host:port or unix:PATH.",
                       .members = {}};
    asio::ip::tcp::socket socket(context);
    asio::ip::tcp::resolver resolver(context);
    const auto endpoints = resolver.resolve(address->host, address->port, error);
    if (!error)
        asio::connect(socket, endpoints, error);
    return error ? Result<Reply>(no_daemon(server_, error.message())) : exchange(socket, request, server_);
}

int report(const Reply& reply)
{
    boost::system::error_code error;
    const auto document = boost::json::parse(reply.body, error);
    const auto* object = error ? nullptr : document.if_object();
    const auto text = [&](std::string_view name) -> std::string {
        const auto* member = object == nullptr ? nullptr : object->if_contains(name);
        return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string{};
    };
    const auto detail = text("detail");
    std::cerr << "nomadic-cached: " << (detail.empty() ? "the daemon answered " + std::to_string(reply.status) : detail)
              << "\n";
    return exit_status_of_problem(reply.status, text("type") == "urn:nomadic-cached:problem:offline-miss");
}

} // namespace nomadic::daemon
