#include "proxy/http/response_head.hpp"
#include "proxy/http/chunk_encoding.hpp"
#include "proxy/http/via.hpp"
#include "results.hpp"

using namespace nomadic;
using namespace nomadic::proxy;
using Body = ResponseHead::Body;

namespace {

Result<ResponseHead> parse(const std::string& lines, std::string_view method = "GET")
{
    return parse_response_head(lines + "\r\n", method);
}

} // namespace

TEST_CASE("response head: status line, fields and framing")
{
    const auto counted = parse("HTTP/1.1 200 Very  Fine\r\nContent-Length: 5\r\nX-A: b\r\n");
    REQUIRE(counted);
    CHECK(counted->status == 200);
    CHECK(counted->reason == "Very  Fine");
    CHECK(counted->fields.get("x-a") == "b");
    CHECK(counted->body == Body::counted);
    CHECK(counted->content_length == 5);
    CHECK(counted->keep_alive);
    CHECK(parse("HTTP/1.1 404\r\nTransfer-Encoding: Chunked\r\n")->body == Body::chunked);
    const auto until_close = parse("HTTP/1.1 200 OK\r\n");
    CHECK(until_close->body == Body::until_close);
    CHECK_FALSE(until_close->keep_alive);
    CHECK_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n")->keep_alive);
    CHECK(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n")->keep_alive);
}

TEST_CASE("response head: answers without a body keep the length of what it would have been")
{
    const auto head = parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "HEAD");
    CHECK(head->body == Body::none);
    CHECK(head->content_length == 5);
    CHECK(parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n")->body == Body::none);
    CHECK(parse("HTTP/1.1 204 No Content\r\n")->body == Body::none);
    CHECK(parse("HTTP/1.1 100 Continue\r\n")->informational());
}

TEST_CASE("response head: what two readers could understand differently is no answer")
{
    for (const char* bad : {
             "HTTP/2 200 OK\r\n",
             "HTTP/1.1  200 OK\r\n",
             "HTTP/1.1 20 OK\r\n",
             "HTTP/1.1 2000 OK\r\n",
             "HTTP/1.1 099 OK\r\n",
             "HTTP/1.1 200\tOK\r\n",
             "HTTP/1.1 200 O\rK\r\n",
             "<html>\r\n",
             "HTTP/1.1 200 OK\nX: y\r\n",
             "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n",
             "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n",
             "HTTP/1.1 200 OK\r\nX : a\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
         }) {
        const auto head = parse(bad);
        REQUIRE_FALSE_MESSAGE(head.has_value(), bad);
        CHECK(head.error().code == Errc::upstream_failed);
    }
}

TEST_CASE("chunks: what is written is what is read, and trailers that would change the head stay behind")
{
    std::string chunk;
    encode_chunk(std::string(300, 'x'), chunk);
    CHECK(chunk == "12c\r\n" + std::string(300, 'x') + "\r\n");
    Fields trailers;
    trailers.add("X-Sum", "1");
    trailers.add("content-length", "5");
    trailers.add("X-API-Key", "k");
    CHECK(last_chunk(allowed_trailers(trailers)) == "0\r\nX-Sum: 1\r\n\r\n");
}

TEST_CASE("via: a message that has been here is known again, whoever else it has passed")
{
    Fields fields;
    fields.add("Via", "1.1 nomadic-cached-0000000000000000, 1.0 other:80 (a comment)");
    CHECK_FALSE(has_been_here(fields));
    add_via(fields, 0);
    add_via(fields, 1);
    CHECK(has_been_here(fields));
    CHECK(fields.get("Via").starts_with("1.1 nomadic-cached-0000000000000000, 1.0 other:80 (a comment), 1.0 nomadic-"));
    CHECK(fields.get("Via").ends_with(", 1.1 " + pseudonym()));
}
