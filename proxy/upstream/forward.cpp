// Streams a client's request to the upstream and the answer back: neither body is ever whole in memory.

#include "proxy/upstream/http_upstream.hpp"

#include "proxy/http/chunk_encoding.hpp"
#include "proxy/http/field_list.hpp"
#include "proxy/http/via.hpp"
#include "proxy/net/transfer_buffer.hpp"
#include "proxy/upstream/upload.hpp"

namespace nomadic::proxy {

namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names)
{
    return std::any_of(names.begin(), names.end(), [&](auto candidate) { return beast::iequals(name, candidate); });
}

// RFC 9110, 7.6.1: fields about this connection only, and those that Connection names.
bool is_hop_by_hop(std::string_view name, std::string_view named_by_connection)
{
    return is_one_of(name, {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
                            "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length"}) ||
           has_element(named_by_connection, name);
}

Fields end_to_end(const Fields& fields)
{
    Fields kept;
    const auto connection = fields.joined("Connection");
    for (const auto& [name, value] : fields)
        if (!is_hop_by_hop(name, connection))
            kept.add(name, value);
    return kept;
}

Fields request_fields(const Request& request, const Asker& asker)
{
    auto fields = end_to_end(request.fields);
    for (const char* ours : {"Host", "X-Request-ID"})
        fields.remove(ours);
    if (!request.body->awaits_continue())
        fields.remove("Expect");
    if (asker.credential)
        for (const char* key : {"X-API-Key", "Authorization"})
            fields.remove(key);
    add_via(fields, request.minor_version);
    return fields;
}

// A redirect within the upstream leads through us: followed directly, it would have the wrong key, or none.
void stay_here(Fields& fields, const Endpoint& upstream)
{
    const auto base = (upstream.encrypted ? "https://" : "http://") + upstream.authority() + upstream.base_path;
    for (const char* name : {"Location", "Content-Location"}) {
        const std::string target(fields.get(name));
        const auto path = target.starts_with(base) ? std::string_view(target).substr(base.size()) : std::string_view{};
        const bool names_a_host = path.starts_with("//") || path.starts_with("/\\"); // to some readers
        if (path.starts_with('/') && !names_a_host)
            fields.set(name, std::string(path));
    }
}

// Which pages may read an answer is ours to say, since it is our name that they ask: what the upstream allows to the
// whole web would open the daemon to it.
Fields response_fields(const ResponseHead& head, const Endpoint& upstream)
{
    auto fields = end_to_end(head.fields);
    stay_here(fields, upstream);
    for (const char* permission :
         {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
          "Access-Control-Allow-Headers", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
          "Access-Control-Allow-Private-Network"})
        fields.remove(permission);
    add_via(fields, head.minor_version);
    return fields;
}

std::string framing_line(const Request& request)
{
    const auto length = request.body->length();
    if (!length)
        return "Transfer-Encoding: chunked\r\n";
    return *length != 0 || request.fields.has("Content-Length") || !request.is_safe()
               ? "Content-Length: " + std::to_string(*length) + "\r\n"
               : std::string{};
}

} // namespace

// A request on its way and its answer: holds the connection until the last byte has been passed on.
struct HttpUpstream::Forwarding {
    Forwarding(Pool::Lease connection, std::string_view method, std::chrono::milliseconds patience)
        : lease(std::move(connection)), reader(lease.transport(), method, patience)
    {}
    Pool::Lease lease;
    ResponseReader reader;
    std::optional<Upload> upload;

    bool sent() const { return !upload || upload->done(); }
    void finish()
    {
        if (reader.reusable() && sent())
            lease.give_back();
    }
};

awaitable<Result<Response>> HttpUpstream::forward(Request& request, Asker asker)
{
    auto head = request_head(*pool_, request.method, request.target, request_fields(request, asker), asker,
                             framing_line(request));
    // Nothing says that a write may be repeated, so it never goes out on a connection that may be closing.
    auto freshness = request.is_safe() ? Pool::Freshness::any : Pool::Freshness::recent;
    for (;;) {
        auto lease = co_await pool_->borrow(freshness, Pool::Line::forwarded);
        if (!lease)
            co_return lease.error();
        auto forwarding = std::make_shared<Forwarding>(std::move(*lease), request.method, settings_.request_timeout);
        auto answered = co_await begin(forwarding, request, head);
        if (answered) {
            counts_.answered(forwarding->reader.status());
            co_return pass_on(std::move(forwarding));
        }
        const bool was_closing = forwarding->lease.reused() && !forwarding->reader.begun() &&
                                 answered.error().code != Errc::upstream_timeout;
        if (!was_closing || !request.is_safe() || forwarding->upload) {
            if (!forwarding->upload || !forwarding->upload->failure()) // else the client's own
                counts_.failed(answered.error());
            co_return answered.error();
        }
        freshness = Pool::Freshness::fresh;
    }
}

awaitable<Result<void>> HttpUpstream::begin(std::shared_ptr<Forwarding> forwarding, Request& request,
                                            const std::string& head)
{
    // Whether it was written or not, the upstream may have answered: only the answer tells.
    const auto transport = forwarding->lease.transport();
    co_await transport->write(head, {}, settings_.request_timeout);
    // A client that went away wants no answer; one that only closed its side waits, and sees the answer move.
    const auto watch = [&body = *request.body, weak = std::weak_ptr(forwarding)] {
        body.on_hang_up([weak, seen = std::uint64_t{0}]() mutable {
            const auto under_way = weak.lock();
            if (under_way && under_way->reader.received() == seen)
                under_way->lease.transport()->close();
            seen = under_way ? under_way->reader.received() : 0;
        });
    };
    if (request.body->length() == 0)
        watch();
    else
        forwarding->upload.emplace(*request.body, transport, settings_.request_timeout, watch);
    const std::function<void()> go_on = [weak = std::weak_ptr(forwarding)] {
        if (const auto under_way = weak.lock(); under_way && under_way->upload)
            under_way->upload->go_on();
    };
    auto read = co_await forwarding->reader.read_head(go_on);
    if (forwarding->upload) {
        forwarding->upload->answered();
        if (const auto failure = forwarding->upload->failure())
            co_return *failure;
    }
    co_return read;
}

Response HttpUpstream::pass_on(std::shared_ptr<Forwarding> forwarding) const
{
    auto& reader = forwarding->reader;
    Response response{.status = reader.status(), .reason = reader.head().reason};
    response.fields = response_fields(reader.head(), pool_->endpoint());
    response.content_length = reader.content_length();
    response.close = !forwarding->sent();
    response.forwarded = true;
    if (reader.done())
        forwarding->finish();
    response.body = Stream([forwarding = std::move(forwarding)](BodyWriter& writer) -> awaitable<Result<void>> {
        TransferBuffer buffer;
        for (;;) {
            auto got = co_await forwarding->reader.read_some(buffer.room());
            if (!got)
                co_return got.error();
            if (*got == 0)
                break;
            if (auto written = co_await writer.write(buffer.read(*got)); !written)
                co_return written;
        }
        for (const auto& [name, value] : allowed_trailers(forwarding->reader.trailers()))
            writer.trailer(name, value);
        forwarding->finish();
        co_return Result<void>{};
    });
    return response;
}

} // namespace nomadic::proxy
