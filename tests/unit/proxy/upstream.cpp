#include "proxy/dialect/requests.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/passthrough.hpp"
#include "proxy/upstream/dialect.hpp"
#include "proxy/upstream/endpoint.hpp"
#include "proxy/upstream/refusal.hpp"
#include "proxy/upstream/retry.hpp"
#include "results.hpp"

using namespace nomadic;
using namespace nomadic::proxy;
using namespace std::chrono_literals;

TEST_CASE("retry: delays double up to the limit, with jitter over their upper half")
{
    const RetryPolicy policy{.retries = 3, .base_delay = 100ms, .max_delay = 300ms};
    CHECK(next_delay(policy, 1, {}, 0.0) == 50ms);
    CHECK(next_delay(policy, 1, {}, 0.999) == 99ms);
    CHECK(next_delay(policy, 2, {}, 0.0) == 100ms);
    CHECK(next_delay(policy, 3, {}, 0.0) == 150ms);
    CHECK_FALSE(next_delay(policy, 4, {}, 0.0).has_value());
    CHECK_FALSE(next_delay({.retries = 0}, 1, {}, 0.0).has_value());
}

TEST_CASE("retry: Retry-After is honoured while we have the patience, else it ends the attempts")
{
    const RetryPolicy policy{.retries = 3, .base_delay = 100ms, .max_delay = 5s};
    CHECK(next_delay(policy, 1, 5s, 0.5) == 5000ms);
    CHECK_FALSE(next_delay(policy, 1, 6s, 0.5).has_value());
    const TimePoint now{1000s};
    CHECK(parse_retry_after("7", now) == 7s);
    CHECK(parse_retry_after(http_date(now + 9s), now) == 9s);
    CHECK(parse_retry_after(http_date(now - 9s), now) == 0s);
    CHECK_FALSE(parse_retry_after("soon", now).has_value());
    for (const unsigned status : {408U, 429U, 500U, 503U, 520U, 527U})
        CHECK(is_transient(status));
    for (const unsigned status : {200U, 400U, 401U, 404U})
        CHECK_FALSE(is_transient(status));
}

TEST_CASE("endpoint: base URLs")
{
    const auto https = parse_endpoint("https://api.example/prefix/");
    REQUIRE(https);
    CHECK(https->encrypted);
    CHECK(https->port == "443");
    CHECK(https->base_path == "/prefix");
    CHECK(https->authority() == "api.example");
    const auto proxy = parse_endpoint("http://me:pass%20word@proxy.example:3128");
    CHECK(proxy->authority() == "proxy.example:3128");
    CHECK(proxy->authorization->reveal() == "Basic bWU6cGFzcyB3b3Jk");
    const auto http = parse_endpoint("http://[::1]:8080");
    CHECK_FALSE(http->authorization);
    REQUIRE(http);
    CHECK(http->host == "::1");
    CHECK(http->authority() == "[::1]:8080");
    for (const char* bad : {"", "api.example", "ftp://x", "https://"})
        CHECK_FALSE_MESSAGE(parse_endpoint(bad), bad);
}

TEST_CASE("dialect: requests name the batch safely, messages are found wherever upstream puts them")
{
    CHECK(status_request("a/b", Videos::as_usual).target == "/api/batch/a%2Fb/status");
    CHECK(status_request("b", Videos::asked_for).target == "/api/batch/b/status?include_videos=true");
    const std::vector<batch::VideoPointer> asked{{.video_id = "v\"1"}};
    CHECK(bulk::request("b", asked).body == R"({"video_ids":["v\"1"]})");
    CHECK(filter_batch::request("b").body == R"({"filter":null})");
    CHECK(message_of(R"({"detail":"no","message":"m"})") == "no");
    CHECK(message_of(R"({"detail":[{"loc":["body"],"msg":"required"},{"msg":"x"}]})") == R"(["body"]: required; x)");
    CHECK(message_of(R"({"detail":"","error":"e"})") == "e");
    for (const char* nothing : {"", "<html>", "[]", "{}", R"({"detail":7})"})
        CHECK(message_of(nothing).empty());
}

TEST_CASE("refusal: what upstream's statuses mean here")
{
    const auto code = [](unsigned status) {
        return refusal({.status = status, .fields = {}, .body = R"({"detail":"why"})"}, "batch b", {});
    };
    CHECK(code(401).code == Errc::unauthorized);
    CHECK(code(403).code == Errc::forbidden);
    CHECK(code(404).code == Errc::not_found);
    CHECK(code(429).retry_after == 1s);
    CHECK(code(500).code == Errc::upstream_failed);
    CHECK(code(500).detail.find("It says: why") != std::string::npos);
    CHECK(code(500).members.at("upstream_status").to_number<unsigned>() == 500);
}

TEST_CASE("drop-in: bodies that upstream would take, and those that are its to refuse")
{
    CHECK(parse_bulk_request(R"({"video_ids":["a","b"]})")->size() == 2);
    for (const char* bad :
         {"", "{}", "[]", R"({"video_ids":"a"})", R"({"video_ids":[1]})", R"({"video_ids":[],"x":1})"})
        CHECK_FALSE_MESSAGE(parse_bulk_request(bad).has_value(), bad);
    CHECK(parse_filter_request("{}")->approvals.empty());
    CHECK(parse_filter_request(R"({"filter":null})")->approvals.empty());
    CHECK(parse_filter_request(R"({"filter":["approved"]})")->approvals.size() == 1);
    CHECK_FALSE(parse_filter_request(R"({"filter":"approved"})").has_value());
    CHECK_FALSE(parse_filter_request(R"({"other":1})").has_value());
}

TEST_CASE("passthrough: the batch or video that a path names")
{
    using Names = std::vector<std::string>;
    Request request;
    request.path = "/api/videos/v%201/analyses/a/generate-thumbnails";
    request.query = "batch_id=b&force";
    CHECK(names_in(request) == Names{"api", "videos", "v 1", "analyses", "a", "generate-thumbnails", "b"});
    request.path = "/api/x/..//batch%2Fb/./metadata";
    request.query = "a=%zz";
    CHECK(names_in(request) == Names{"api", "x", "..", "batch", "b", ".", "metadata"});
}
