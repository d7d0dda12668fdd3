// Streams a client's request to the upstream and the answer back: neither body is ever whole in memory.

#include "proxy/upstream/http_upstream.hpp"

#include "proxy/http/field_list.hpp"

#include <array>

namespace nomadic::proxy {

namespace {

constexpr std::size_t piece = 64 * 1024;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names)
{
    return std::any_of(names.begin(), names.end(), [&](auto candidate) { return beast::iequals(name, candidate); });
}

// RFC 9110, 7.6.1: fields about this connection only, and those that Connection names.
bool is_hop_by_hop(std::string_view name, const Fields& fields)
{
    if (is_one_of(name, {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
                         "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length"}))
        return true;
    return has_element(fields.joined("Connection"), name);
}

Fields end_to_end(const Fields& fields, std::initializer_list<std::string_view> ours)
{
    Fields kept;
    for (const auto& field : fields)
        if (!is_hop_by_hop(field.name, fields) && !is_one_of(field.name, ours))
            kept.add(field.name, field.value);
    const auto via = fields.joined("Via");
    kept.set("Via", via.empty() ? "1.1 nomadic-cached" : via + ", 1.1 nomadic-cached");
    return kept;
}

} // namespace

// An answer on its way: holds the connection until its last byte has been passed on.
struct HttpUpstream::Forwarding {
    Forwarding(Pool::Lease connection, std::string_view method, std::chrono::milliseconds patience)
        : lease(std::move(connection)), reader(lease.transport(), method, patience)
    {}
    Pool::Lease lease;
    ResponseReader reader;
};

awaitable<Result<Response>> HttpUpstream::forward(Request& request, Asker asker)
{
    // Nothing says that a write may be repeated, so it never goes out on a connection that may be closing.
    auto lease = co_await pool_->borrow(request.is_safe() ? Pool::Freshness::any : Pool::Freshness::fresh);
    if (!lease)
        co_return lease.error();
    const auto length = request.body->length();
    const bool has_body = length.value_or(1) != 0;
    std::string framing;
    if (!length)
        framing = "Transfer-Encoding: chunked\r\n";
    else if (has_body || !request.is_safe())
        framing = "Content-Length: " + std::to_string(*length) + "\r\n";
    auto fields = end_to_end(request.fields, {"Host", "Expect", "X-Request-ID"});
    if (asker.credential) {
        fields.remove("X-API-Key");
        fields.remove("Authorization");
    }
    const auto head = request_head(*pool_, request.method, request.target, fields, asker, framing);
    auto forwarding = std::make_shared<Forwarding>(std::move(*lease), request.method, settings_.request_timeout);
    co_await forwarding->lease.transport()->write(head, {}, settings_.request_timeout);
    if (has_body)
        if (auto sent = co_await send_body(request, forwarding->lease, !length); !sent)
            co_return sent.error();
    if (auto read = co_await forwarding->reader.read_head(); !read) {
        counts_.failed(read.error());
        co_return read.error();
    }
    counts_.answered(forwarding->reader.status());

    Response response{.status = forwarding->reader.status()};
    response.fields = end_to_end(forwarding->reader.fields(), {});
    response.content_length = forwarding->reader.content_length();
    response.body = Stream([forwarding](BodyWriter& writer) -> awaitable<Result<void>> {
        std::array<char, piece> buffer{};
        for (;;) {
            auto got = co_await forwarding->reader.read_some(asio::buffer(buffer));
            if (!got)
                co_return got.error();
            if (*got == 0)
                break;
            if (auto written = co_await writer.write({buffer.data(), *got}); !written)
                co_return written;
        }
        if (forwarding->reader.reusable())
            forwarding->lease.give_back();
        co_return Result<void>{};
    });
    co_return response;
}

// The client's own failure to send all of it is a Failure; the upstream's to take it is not: it may have answered
// already, and its answer says why.
awaitable<Result<void>> HttpUpstream::send_body(Request& request, Pool::Lease& lease, bool chunked)
{
    const auto transport = lease.transport();
    std::array<char, piece> buffer{};
    for (;;) {
        auto got = co_await request.body->read_some(asio::buffer(buffer));
        if (!got)
            co_return got.error();
        if (*got == 0)
            break;
        std::array<char, 20> size{};
        const int digits = chunked ? std::snprintf(size.data(), size.size(), "%zx\r\n", *got) : 0;
        bool sent = co_await transport->write({size.data(), static_cast<std::size_t>(digits)}, {buffer.data(), *got},
                                              settings_.request_timeout);
        if (sent && chunked)
            sent = co_await transport->write("\r\n", {}, settings_.request_timeout);
        if (!sent)
            co_return Result<void>{};
    }
    if (!chunked)
        co_return Result<void>{};
    std::string end = "0\r\n";
    for (const auto& [name, value] : request.body->trailers())
        end += name + ": " + value + "\r\n";
    co_await transport->write(end + "\r\n", {}, settings_.request_timeout);
    co_return Result<void>{};
}

} // namespace nomadic::proxy
