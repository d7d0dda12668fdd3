#include "proxy/http/request_head.hpp"
#include "proxy/http/field_lines.hpp"
#include "results.hpp"

using namespace nomadic;
using namespace nomadic::proxy;

namespace {

Result<RequestHead> parse(const std::string& lines)
{
    return parse_request_head(lines + "\r\n");
}

} // namespace

TEST_CASE("request head: line, fields, target and framing")
{
    const auto head =
        parse("POST /a%20b/c?x=1&y HTTP/1.1\r\nHost: h:1\r\nX-A:  v w \r\nx-a: u\r\nContent-Length: 5\r\n");
    REQUIRE(head);
    CHECK(head->request.method == "POST");
    CHECK(head->request.path == "/a%20b/c");
    CHECK(head->request.query == "x=1&y");
    CHECK(head->request.fields.get("x-A") == "v w");
    CHECK(head->request.fields.joined("X-A") == "v w, u");
    CHECK(head->framing.content_length == 5);
    CHECK(head->framing.has_body());
    CHECK(head->framing.keep_alive);
}

TEST_CASE("request head: the connection is kept unless somebody says otherwise")
{
    CHECK_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n")->framing.keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.0\r\n")->framing.keep_alive);
    CHECK(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n")->framing.keep_alive);
    CHECK(parse("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: Chunked\r\n")
              ->framing.expects_continue);
}

TEST_CASE("request head: absolute-form names the host itself")
{
    const auto head = parse("GET http://other:80?q HTTP/1.1\r\nHost: h\r\n");
    REQUIRE(head);
    CHECK(head->request.fields.get("Host") == "other:80");
    CHECK(head->request.path == "/");
    CHECK(head->request.query == "q");
    CHECK(head->request.target == "/?q");
    CHECK(parse("GET hTTp://h/a%2F/../b?x? HTTP/1.1\r\nHost: h\r\n")->request.target == "/a%2F/../b?x?");
    CHECK(parse("GET /? HTTP/1.1\r\nHost: h\r\n")->request.target == "/?");
    CHECK(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n")->request.path == "*");
    CHECK_FALSE(parse("GET * HTTP/1.1\r\nHost: h\r\n"));
}

TEST_CASE("request head: what two readers could understand differently is refused")
{
    for (const char* bad : {
             "GET / HTTP/1.1\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
             "GET  / HTTP/1.1\r\nHost: a\r\n",
             "GET / HTTP/2.0\r\nHost: a\r\n",
             "GET / HTTP/1.1 \r\nHost: a\r\n",
             "G=T / HTTP/1.1\r\nHost: a\r\n",
             "GET /#f HTTP/1.1\r\nHost: a\r\n",
             "GET x HTTP/1.1\r\nHost: a\r\n",
             "GET / HTTP/1.1\r\nHost : a\r\n",
             "GET / HTTP/1.1\r\n Host: a\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
             "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
             "GET / HTTP/1.1\nHost: a\r\n",
         }) {
        const auto head = parse(bad);
        CHECK_MESSAGE(!head, bad);
        if (!head)
            CHECK(head.error().code == Errc::bad_request);
    }
}

TEST_CASE("request head: a head of nothing but fields is refused")
{
    std::string fields;
    for (int i = 0; i < 499; ++i)
        fields += "a:\r\n";
    CHECK(parse("GET / HTTP/1.1\r\nHost: h\r\n" + fields));
    CHECK_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "a:\r\n"));
}

TEST_CASE("request head: its length is known once it is all there")
{
    CHECK_FALSE(head_length("GET / HTTP/1.1\r\nHost: a\r\n").has_value());
    CHECK(head_length("GET / HTTP/1.1\r\n\r\nbody\r\n\r\n") == 18);
    CHECK(head_length("GET / HTTP/1.1\n\n") == 16);
}
