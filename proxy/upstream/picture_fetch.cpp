#include "proxy/upstream/picture_fetch.hpp"

#include "proxy/upstream/public_address.hpp"
#include "proxy/upstream/response_reader.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>

namespace nomadic::proxy {

namespace {

constexpr int most_redirects = 3;

Failure refused(const std::string& why)
{
    return {.code = Errc::forbidden, .detail = "The picture is not fetched: " + why + ".", .members = {}};
}

Failure failed(const std::string& why)
{
    return {.code = Errc::upstream_failed, .detail = "The picture can't be fetched: " + why + ".", .members = {}};
}

// SVG is left out: it may hold a script, which would then be ours.
bool is_picture(std::string_view media_type)
{
    static constexpr std::array<std::string_view, 6> known{"image/jpeg", "image/png",  "image/webp",
                                                           "image/gif",  "image/avif", "image/bmp"};
    return std::any_of(known.begin(), known.end(), [&](auto type) { return beast::iequals(media_type, type); });
}

std::string without_parameters(std::string_view content_type)
{
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' '))
        type.remove_suffix(1);
    return std::string(type);
}

} // namespace

struct PictureFetch::Place {
    bool encrypted = true;
    std::string host, port, authority, target;
    std::string url;
};

// One exchange: the picture, or where it is said to be.
struct PictureFetch::Step {
    FetchedPicture picture;
    std::string redirect; // "" when this is the picture
};

PictureFetch::PictureFetch(config::Thumbnails settings, std::shared_ptr<Authorities> authorities)
    : settings_(std::move(settings)), tls_(asio::ssl::context::tls_client), authorities_(std::move(authorities))
{
    tls_.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    tls_.set_verify_mode(asio::ssl::verify_peer);
}

Result<PictureFetch::Place> PictureFetch::parse(const std::string& url)
{
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->encoded_host().empty())
        return refused("its URL is none of http or https");
    if (parsed->has_userinfo())
        return refused("its URL holds a user name");
    Place place;
    place.url = url;
    place.encrypted = parsed->scheme() == "https";
    place.host = parsed->host_address();
    const bool has_port = parsed->has_port() && !parsed->port().empty();
    place.port = has_port ? std::string(parsed->port()) : place.encrypted ? "443" : "80";
    place.authority = std::string(parsed->encoded_host()) + (has_port ? ":" + place.port : "");
    place.target = parsed->encoded_path().empty() ? "/" : std::string(parsed->encoded_path());
    if (parsed->has_query())
        place.target += "?" + std::string(parsed->encoded_query());
    return place;
}

awaitable<Result<FetchedPicture>> PictureFetch::get(std::string url)
{
    for (int redirects = 0; redirects <= most_redirects; ++redirects) {
        auto place = parse(url);
        if (!place)
            co_return place.error();
        auto done = co_await step(*place);
        if (!done)
            co_return done.error();
        if (done->redirect.empty())
            co_return std::move(done->picture);
        const auto base = boost::urls::parse_uri(url);
        const auto reference = boost::urls::parse_uri_reference(done->redirect);
        boost::urls::url next;
        if (!base || !reference || !boost::urls::resolve(*base, *reference, next))
            co_return failed("it is redirected to what is no URL");
        url = next.buffer();
    }
    co_return failed("it is redirected too often");
}

bool PictureFetch::allowed(const Place& place, const asio::ip::address& address) const
{
    const auto& hosts = settings_.allowed_hosts;
    return is_public(address) || std::find(hosts.begin(), hosts.end(), place.host + ":" + place.port) != hosts.end();
}

// The name is looked up once, and only addresses that were checked are connected to: a name that changes its mind in
// between gains nothing.
awaitable<Result<std::shared_ptr<Transport>>> PictureFetch::connect(Place place)
{
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    auto [resolve_error, found] = co_await resolver.async_resolve(place.host, place.port, as_result);
    if (resolve_error)
        co_return failed("looking up " + place.host + " failed (" + resolve_error.message() + ")");
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const auto& entry : found)
        if (allowed(place, entry.endpoint().address()))
            endpoints.push_back(entry.endpoint());
    if (endpoints.empty())
        co_return refused(place.host + " has no public address");
    asio::ip::tcp::socket socket(executor);
    Deadline deadline(executor, [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    deadline.in(settings_.timeout);
    auto [error, endpoint] = co_await asio::async_connect(socket, endpoints, as_result);
    deadline.never();
    if (error)
        co_return failed("connecting to " + place.authority + " failed (" + error.message() + ")");
    if (!place.encrypted)
        co_return make_transport(Socket(std::move(socket)));
    co_await authorities_->vouch_in(tls_);
    TlsSocket stream(Socket(std::move(socket)), tls_);
    stream.set_verify_callback(asio::ssl::host_name_verification(place.host));
    if (SSL_set_tlsext_host_name(stream.native_handle(), place.host.c_str()) != 1)
        co_return failed("the host name can't be sent");
    Deadline handshake(executor, [&stream] {
        boost::system::error_code ignored;
        stream.lowest_layer().close(ignored);
    });
    handshake.in(settings_.timeout);
    auto [tls_error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
    handshake.never();
    if (tls_error)
        co_return failed("TLS with " + place.authority + " failed (" + tls_error.message() + ")");
    co_return make_transport(std::move(stream));
}

awaitable<Result<PictureFetch::Step>> PictureFetch::step(Place place)
{
    auto transport = co_await connect(place);
    if (!transport)
        co_return transport.error();
    const auto head = "GET " + place.target + " HTTP/1.1\r\nHost: " + place.authority +
                      "\r\nAccept: image/*\r\nUser-Agent: nomadic-cached\r\nConnection: close\r\n\r\n";
    const bool sent = co_await (*transport)->write(head, {}, settings_.timeout);
    if (!sent)
        co_return failed(place.authority + " closed the connection");
    ResponseReader reader(*transport, "GET", settings_.timeout);
    auto read = co_await reader.read_head();
    if (!read)
        co_return read.error();
    const auto fields = reader.fields();
    Step step;
    if (reader.status() / 100 == 3 && fields.has("Location")) {
        step.redirect = std::string(fields.get("Location"));
        co_return step;
    }
    if (reader.status() != 200)
        co_return failed(place.authority + " answered " + std::to_string(reader.status()));
    step.picture.media_type = without_parameters(fields.get("Content-Type"));
    if (!is_picture(step.picture.media_type))
        co_return refused("it is " + step.picture.media_type + ", not a picture");
    std::array<char, 65536> piece{};
    for (;;) {
        auto got = co_await reader.read_some(asio::buffer(piece));
        if (!got)
            co_return got.error();
        if (*got == 0)
            break;
        step.picture.bytes.append(piece.data(), *got);
        if (step.picture.bytes.size() > settings_.max_bytes)
            co_return refused("it is larger than thumbnails.max_bytes");
    }
    co_return step;
}

} // namespace nomadic::proxy
