#include "daemon/client.hpp"

#include "config/validate.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/server_secrets.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
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

template <class Message>
Reply reply_of(const Message& response, std::string body)
{
    Reply reply{.status = response.result_int(), .fields = {}, .body = std::move(body)};
    for (const auto& field : response) {
        std::string name(field.name_string());
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
        reply.fields[name] = field.value();
    }
    return reply;
}

using Head = http::response_parser<http::empty_body>;

template <class Stream>
Result<Reply> read_text(Stream& stream, boost::beast::flat_buffer& buffer, Head& head, const std::string& server)
{
    boost::system::error_code error;
    http::response_parser<http::string_body> text(std::move(head));
    http::read(stream, buffer, text, error);
    if (error)
        return no_daemon(server, error.message());
    return reply_of(text.get(), text.get().body());
}

template <class Stream>
Result<Reply> read_file(Stream& stream, boost::beast::flat_buffer& buffer, Head& head, const std::string& into)
{
    boost::system::error_code error;
    http::response_parser<http::file_body> file(std::move(head));
    file.get().body().open(into.c_str(), boost::beast::file_mode::write, error);
    if (!error)
        http::read(stream, buffer, file, error);
    if (error)
        return Failure{
            .code = Errc::store_failed, .detail = into + " can't be written: " + error.message() + ".", .members = {}};
    return reply_of(file.get(), {});
}

template <class Stream>
Result<Reply> read_pieces(Stream& stream, boost::beast::flat_buffer& buffer, Head& head, const std::string& server,
                          const std::function<void(std::string_view)>& each)
{
    http::response_parser<http::buffer_body> parser(std::move(head));
    std::array<char, 65536> piece{};
    while (!parser.is_done()) {
        parser.get().body().data = piece.data();
        parser.get().body().size = piece.size();
        parser.get().body().more = true;
        boost::system::error_code error;
        http::read_some(stream, buffer, parser, error);
        if (error && error != http::error::need_buffer)
            return no_daemon(server, error.message());
        each({piece.data(), piece.size() - parser.get().body().size});
    }
    return reply_of(parser.get(), {});
}

// Sends the request and reads the answer; the body of a success as `read_body` does, any other as a text.
template <class Stream, class Body, class ReadBody>
Result<Reply> exchange(Stream& stream, http::request<Body>& request, const std::string& server, ReadBody read_body)
{
    boost::system::error_code error;
    http::write(stream, request, error);
    boost::beast::flat_buffer buffer;
    Head head;
    head.body_limit(boost::none);
    head.skip(request.method() == http::verb::head);
    if (!error)
        http::read_header(stream, buffer, head, error);
    if (error)
        return no_daemon(server, error.message());
    return head.get().result() == http::status::ok ? read_body(stream, buffer, head)
                                                   : read_text(stream, buffer, head, server);
}

// "" when the daemon asks for none, or they are in a file that is not ours to read: then it says that one is missing.
std::string first_token(const config::Server& settings)
{
    const auto tokens = read_tokens(settings);
    return tokens && !tokens->empty() ? std::string(tokens->front()->reveal()) : std::string{};
}

std::string default_server(const config::Server& settings)
{
    if (!settings.unix_socket.empty())
        return "unix:" + settings.unix_socket;
    return settings.listen.empty() ? std::string("http://127.0.0.1:8765") : "http://" + settings.listen.front();
}

} // namespace

Client::Client(std::string server, const config::Server& settings)
    : server_(server.empty() ? default_server(settings) : std::move(server)), token_(first_token(settings))
{}

template <class Body>
http::request<Body> Client::make_request(const std::string& method, const std::string& target) const
{
    http::request<Body> request(http::string_to_verb(method), target, 11);
    request.set(http::field::host, "localhost");
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
    if (!token_.empty())
        request.set(http::field::authorization, "Bearer " + token_);
    return request;
}

http::request<http::string_body> Client::json_request(const std::string& target, std::string body) const
{
    auto request = make_request<http::string_body>("POST", target);
    request.set(http::field::content_type, "application/json");
    request.body() = std::move(body);
    request.prepare_payload();
    return request;
}

template <class Exchange>
auto Client::connected(Exchange exchange) const -> Result<Reply>
{
    asio::io_context context;
    boost::system::error_code error;
    if (server_.starts_with("unix:")) {
        asio::local::stream_protocol::socket socket(context);
        socket.connect(asio::local::stream_protocol::endpoint(server_.substr(5)), error);
        return error ? Result<Reply>(no_daemon(server_, error.message())) : exchange(socket);
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
    return error ? Result<Reply>(no_daemon(server_, error.message())) : exchange(socket);
}

Result<Reply> Client::request(std::string method, std::string target, std::string accept) const
{
    auto request = make_request<http::empty_body>(method, target);
    request.set(http::field::accept, accept);
    return connected([&](auto& socket) {
        return exchange(socket, request, server_, [this](auto& stream, auto& buffer, auto& head) {
            return read_text(stream, buffer, head, server_);
        });
    });
}

Result<Reply> Client::download(std::string target, std::string body, const std::string& into) const
{
    auto request = json_request(target, std::move(body));
    return connected([&](auto& socket) {
        return exchange(socket, request, server_, [&into](auto& stream, auto& buffer, auto& head) {
            return read_file(stream, buffer, head, into);
        });
    });
}

Result<Reply> Client::stream(std::string target, std::string body,
                             const std::function<void(std::string_view)>& each) const
{
    auto request = json_request(target, std::move(body));
    return connected([&](auto& socket) {
        return exchange(socket, request, server_, [&](auto& stream, auto& buffer, auto& head) {
            return read_pieces(stream, buffer, head, server_, each);
        });
    });
}

Result<Reply> Client::upload(std::string target, const std::string& file) const
{
    auto request = make_request<http::file_body>("POST", target);
    request.set(http::field::content_type, "application/octet-stream");
    boost::system::error_code error;
    request.body().open(file.c_str(), boost::beast::file_mode::scan, error);
    if (error)
        return Failure{
            .code = Errc::not_found, .detail = file + " can't be read: " + error.message() + ".", .members = {}};
    request.prepare_payload();
    return connected([&](auto& socket) {
        return exchange(socket, request, server_, [this](auto& stream, auto& buffer, auto& head) {
            return read_text(stream, buffer, head, server_);
        });
    });
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
    return exit_status_of({.status = reply.status,
                           .offline_miss = text("type") == "urn:nomadic-cached:problem:offline-miss",
                           .of_upstream = object != nullptr && object->contains("upstream_status")});
}

} // namespace nomadic::daemon
