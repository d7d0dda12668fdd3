#include "proxy/net/repeats.hpp"

#include <doctest/doctest.h>

using namespace nomadic;
using namespace nomadic::proxy;

namespace {

using std::chrono::steady_clock;

struct Kept {
    Repeats repeats;
    std::shared_ptr<const cache::Body> body = std::make_shared<const cache::Body>(std::string("body"));
    Request request;
    Response response;
    int noted = 0;

    explicit Kept(std::string_view head, std::chrono::milliseconds lasts = std::chrono::hours{1})
    {
        request.method = head.substr(0, head.find(' '));
        response.fields.add("Age", "1");
        response.fields.add("Server-Timing", "of the first");
        response.fields.add("X-Request-ID", "the first");
        response.body = body;
        response.repeat =
            std::make_shared<const Repeat>(steady_clock::now() + lasts, [this](const auto&...) { ++noted; });
        keep(head);
    }
    void keep(std::string_view head) { repeats.keep(head, request, response, repeats.generation()); }
    std::string find(std::string_view head)
    {
        auto found = repeats.find(head, request.peer);
        return found ? std::string(found->head) : "";
    }
};

constexpr std::string_view plain = "GET /a HTTP/1.1\r\nHost: h\r\nX-API-Key: alice\r\n\r\n";

} // namespace

TEST_CASE("repeats: the same head gets the same answer, with an id of its own")
{
    Kept kept(plain);
    const auto first = kept.find(plain);
    const auto second = kept.find(plain);
    CHECK(first.starts_with("HTTP/1.1 200 OK\r\nAge: 1\r\nContent-Length: 4\r\nServer-Timing: cache;dur=0."));
    CHECK(first.ends_with("\r\n\r\n"));
    CHECK(first.substr(first.find("X-Request-ID")) != second.substr(second.find("X-Request-ID")));
    CHECK(kept.noted == 2);
    CHECK(kept.repeats.find(plain, kept.request.peer)->body == kept.body);
}

TEST_CASE("repeats: one other byte is another request")
{
    Kept kept(plain);
    CHECK(kept.find("GET /b HTTP/1.1\r\nHost: h\r\nX-API-Key: alice\r\n\r\n").empty());
    CHECK(kept.find("GET /a HTTP/1.1\r\nHost: h\r\nX-API-Key: bob\r\n\r\n").empty());
    CHECK(kept.find("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").empty());
    CHECK(kept.find("get /a HTTP/1.1\r\nHost: h\r\nX-API-Key: alice\r\n\r\n").empty());
}

TEST_CASE("repeats: another user, group or supplementary group is another peer")
{
    Kept kept(plain);
    Peer peer{.kind = Peer::Kind::unix_socket, .address = "uid=1000", .uid = 1000, .gid = 100, .groups = {100, 27}};
    CHECK_FALSE(kept.repeats.find(plain, peer));
    kept.request.peer = peer;
    kept.keep(plain);
    CHECK(kept.repeats.find(plain, peer));
    peer.groups = {100};
    CHECK_FALSE(kept.repeats.find(plain, peer));
    peer.groups = {100, 27};
    peer.gid = 27;
    CHECK_FALSE(kept.repeats.find(plain, peer));
    peer.gid = 100;
    peer.uid = 0;
    CHECK_FALSE(kept.repeats.find(plain, peer));
}

TEST_CASE("repeats: only whole answers from memory are kept, and heads without a body")
{
    const auto kept_after = [](auto change) {
        Kept kept(plain);
        kept.repeats.forget();
        change(kept.request, kept.response);
        kept.keep(plain);
        return kept.find(plain);
    };
    CHECK_FALSE(kept_after([](Request&, Response&) {}).empty());
    CHECK_FALSE(kept_after([](Request&, Response& response) { response.status = 304; }).empty());
    CHECK(kept_after([](Request&, Response& response) { response.status = 206; }).empty());
    CHECK(kept_after([](Request&, Response& response) { response.status = 500; }).empty());
    CHECK(kept_after([](Request&, Response& response) { response.close = true; }).empty());
    CHECK(kept_after([](Request&, Response& response) { response.repeat = nullptr; }).empty());
    CHECK(kept_after([](Request&, Response& response) { response.body = std::string("made for this one"); }).empty());
    const auto streamed = kept_after([](Request& request, Response& response) {
        request.method = "HEAD";
        response.body = Stream{};
    });
    CHECK(streamed.empty());
    const auto untimed = kept_after([](Request&, Response& response) { response.fields.remove("Server-Timing"); });
    CHECK(untimed.find("Server-Timing") == std::string::npos);
}

TEST_CASE("repeats: X-Request-ID may differ, when it is one that the parser takes and that is echoed")
{
    Kept kept("GET /a HTTP/1.1\r\nHost: h\r\nX-Request-ID: one\r\nAccept: */*\r\n\r\n");
    const auto with_id = [](std::string_view line) {
        return "GET /a HTTP/1.1\r\nHost: h\r\n" + std::string(line) + "\nAccept: */*\r\n\r\n";
    };
    CHECK(kept.find(with_id("X-Request-ID: two\r")).find("\r\nX-Request-ID: two\r\n\r\n") != std::string::npos);
    CHECK(kept.find(with_id("X-Request-ID: two")).empty());
    CHECK(kept.find(with_id("X-Request-ID: a b\r")).empty());
    CHECK(kept.find(with_id("X-Request-ID: a\rb\r")).empty());
    CHECK(kept.find(with_id("X-Request-ID:\r")).empty());
    CHECK(kept.find(with_id("X-Request-ID : two\r")).empty());
    CHECK(kept.find(with_id("X-Request-ID: two\r\nX-Request-ID: three\r")).empty());
}

TEST_CASE("repeats: not beyond its time, nor after a change, nor without its body")
{
    CHECK(Kept(plain, std::chrono::milliseconds{0}).find(plain).empty());

    Kept changed(plain);
    changed.repeats.forget();
    CHECK(changed.find(plain).empty());

    Kept overtaken(plain);
    const auto before = overtaken.repeats.generation();
    overtaken.repeats.forget();
    overtaken.repeats.keep(plain, overtaken.request, overtaken.response, before);
    CHECK(overtaken.find(plain).empty());

    Kept evicted(plain);
    evicted.body.reset();
    evicted.response.body = std::string();
    CHECK(evicted.find(plain).empty());
}
