#include "proxy/http/cache_control.hpp"
#include "proxy/http/cache_status.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/http/field_list.hpp"
#include "proxy/http/host_guard.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/http/url.hpp"
#include "results.hpp"

#include <boost/json/parse.hpp>

using namespace nomadic;
using namespace nomadic::proxy;
using namespace std::chrono_literals;

namespace {

cache::Directives directives(const std::string& value)
{
    Fields fields;
    fields.add("Cache-Control", value);
    return request_directives(fields);
}

} // namespace

TEST_CASE("url: queries are decoded, repeats kept, broken escapes refused")
{
    const auto query = parse_query("a=1&b=x%20y+z&&c&a=%E2%82%AC&d=1=2");
    REQUIRE(query);
    CHECK(*query == Query{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"a", "\u20ac"}, {"d", "1=2"}});
    for (const char* bad : {"a=%", "a=%2", "a=%zz", "a=%00", "%GG=1"})
        CHECK_FALSE_MESSAGE(parse_query(bad), bad);
    CHECK(percent_encode("a/b c?\u20ac~") == "a%2Fb%20c%3F%E2%82%AC~");
    CHECK(*percent_decode(percent_encode("100% & more")) == "100% & more");
}

TEST_CASE("url: a segment is one for everybody who may decode it")
{
    for (const char* good : {"agent-3-9-1", "a b", "..a", "a.", "%2F", "\u00e9"})
        CHECK_MESSAGE(check_segment(good), good);
    for (const std::string& bad :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\\b"),
          std::string("a\nb"), std::string("a\0b", 3), std::string("\x7f"), std::string("\xff"), std::string(513, 'a')})
        CHECK_FALSE_MESSAGE(check_segment(bad), percent_encode(bad));
}

TEST_CASE("url: a path is resolved as the upstream might")
{
    CHECK(resolve_path("/api/batch/b") == "/api/batch/b");
    CHECK(resolve_path("//api/./x/../b%61tch/%zz/") == "/api/batch/%zz");
    CHECK(resolve_path("/api/x%2F..%2fb") == "/api/b");
    CHECK(resolve_path("/a/../b") == "/b");
    CHECK(resolve_path("/") == "");
    CHECK_FALSE(resolve_path("/..").has_value());
    CHECK_FALSE(resolve_path("/a/%2e%2E/../b").has_value());
    CHECK_FALSE(resolve_path("/a%00").has_value());
}

TEST_CASE("url: what may be there once is there once")
{
    CHECK(refuse_repeats(*parse_query("a=1&b=1&c=1&c=2"), {"c"}));
    CHECK_FALSE(refuse_repeats(*parse_query("a=1&b=1&c=1&c=2")));
}

TEST_CASE("cache-control: directives of a request; what is malformed is ignored")
{
    CHECK(directives("no-cache").no_cache);
    CHECK(directives("max-age=0 , No-Store").no_store);
    CHECK(directives("max-age=0 , no-store").max_age == 0s);
    CHECK(directives("max-age=\"5\"").max_age == 5s);
    CHECK(directives("max-stale").max_stale == std::chrono::seconds::max());
    CHECK(directives("max-stale=7, min-fresh=8, only-if-cached").max_stale == 7s);
    CHECK(directives("max-stale=7, min-fresh=8, only-if-cached").min_fresh == 8s);
    CHECK(directives("only-if-cached").only_if_cached);
    CHECK_FALSE(directives("max-age=x").max_age.has_value());
    CHECK_FALSE(directives("max-age=-1").max_age.has_value());
    CHECK(directives("max-age=99999999999999999999").max_age == std::chrono::seconds(UINT32_MAX));
    Fields pragma;
    pragma.add("Pragma", "no-cache");
    CHECK(request_directives(pragma).no_cache);
}

TEST_CASE("cache-status: hits and forwards as RFC 9211 writes them")
{
    Provenance hit{.detail = "offline", .age = 70s, .freshness_lifetime = 60s};
    CHECK(cache_status(hit) == "nomadic-cached; hit; ttl=-10; detail=offline");
    Provenance miss{.forward = Provenance::Forward::miss, .stored = true, .collapsed = true};
    CHECK(cache_status(miss) == "nomadic-cached; fwd=miss; stored; collapsed");
    Fields fields;
    describe_freshness({.age = 10s, .freshness_lifetime = 60s, .stale_while_revalidate = 30s}, fields);
    CHECK(fields.get("Age") == "10");
    CHECK(fields.get("Cache-Control") == "private, max-age=60, stale-while-revalidate=30");
}

TEST_CASE("conditional: entity tags and dates")
{
    const TimePoint time{std::chrono::seconds{784'111'777}};
    CHECK(http_date(time) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == time);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == time);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == time);
    CHECK_FALSE(parse_http_date("Sun Nov  6 08:49:37 1994 GMT").has_value());
    CHECK_FALSE(parse_http_date("yesterday").has_value());
    CHECK_FALSE(parse_http_date("Wed, 21 Oct 6291 07:28:00 GMT").has_value());
    const auto matches = [&](const char* name, const char* value) {
        Fields fields;
        fields.add(name, value);
        return not_modified(fields, "\"a\"", time + 300ms);
    };
    CHECK(matches("If-None-Match", "\"a\""));
    CHECK(matches("If-None-Match", "\"x\" , W/\"a\""));
    CHECK(matches("If-None-Match", "*"));
    CHECK_FALSE(matches("If-None-Match", "\"b\""));
    CHECK_FALSE(matches("If-None-Match", "a"));
    CHECK(matches("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"));
    CHECK_FALSE(matches("If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"));
}

TEST_CASE("rfc 3339: times are read in any offset and written in UTC")
{
    const auto time = parse_rfc3339("2026-01-31T12:00:00.1239Z");
    REQUIRE(time.has_value());
    CHECK(format_rfc3339(*time) == "2026-01-31T12:00:00.123Z");
    CHECK(parse_rfc3339("2026-01-31T13:30:00+01:30") == parse_rfc3339("2026-01-31T12:00:00Z"));
    CHECK(parse_rfc3339("2026-01-31 10:30:00-01:30") == parse_rfc3339("2026-01-31T12:00:00z"));
    for (const char* bad : {"", "2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:00:00",
                            "2026-01-31T12:00:00Zx", "3021-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                            "2026-01-31T12:00:00+25:00", "-026-01-31T12:00:00Z"})
        CHECK_FALSE_MESSAGE(parse_rfc3339(bad).has_value(), bad);
}

TEST_CASE("problem: every failure becomes one document with its members")
{
    const Failure failure{.code = Errc::not_completed,
                          .detail = "Not yet.",
                          .members = {{"batch_status", "processing"}},
                          .retry_after = 2s};
    const auto response = problem(failure, "/v1/x");
    CHECK(response.status == 409);
    CHECK(response.fields.get("Content-Type") == "application/problem+json");
    CHECK(response.fields.get("Retry-After") == "2");
    const auto document = boost::json::parse(std::get<std::string>(response.body)).as_object();
    CHECK(document.at("status").as_int64() == 409);
    CHECK(document.at("detail").as_string() == "Not yet.");
    CHECK(document.at("instance").as_string() == "/v1/x");
    CHECK(document.at("batch_status").as_string() == "processing");
    CHECK(status_of(Errc::offline_miss) == 504);
    CHECK(status_of(Errc::overloaded) == 503);
}

TEST_CASE("problem: the log is told what we failed in, not what a client did wrong")
{
    CHECK(problem(bad_request("There is no parameter 'secret'."), "/v1/x").failure.empty());
    const Failure broken{.code = Errc::store_failed, .detail = "The disk of \xE9t\xE9 is full.", .members = {}};
    CHECK(problem(broken, "/v1/x").failure == "The disk of ?t? is full.");

    Request request;
    request.fields.add("X-Client-Type", "SDK");
    const auto missed = api_problem({.code = Errc::offline_miss, .detail = "Not stored.", .members = {}}, request);
    CHECK(missed.status == 424);
    CHECK(missed.failure == "Not stored.");
}

TEST_CASE("host guard: names that are not ours, strangers' writes and missing tokens are refused")
{
    config::Server server;
    server.listen = {"127.0.0.1:8765", "0.0.0.0:80"};
    server.allowed_hosts = {"cache.example"};
    server.allowed_origins = {"https://dash.example"};
    const auto check = [&](const HostGuard& guard, const char* method, const char* host, const char* origin = "",
                           const char* authorization = "") {
        Request request;
        request.method = method;
        request.path = "/v1/batches";
        request.fields.add("Host", host);
        if (*origin != '\0')
            request.fields.add("Origin", origin);
        if (*authorization != '\0')
            request.fields.add("Authorization", authorization);
        const auto allowed = guard.check(request);
        return allowed ? 200U : status_of(allowed.error().code);
    };
    const HostGuard open(server, {});
    CHECK(check(open, "GET", "localhost:1") == 200);
    CHECK(check(open, "GET", "LocalHost:1") == 200);
    CHECK(check(open, "GET", "[::1]:1") == 200);
    CHECK(check(open, "GET", "Cache.example") == 200);
    CHECK(check(open, "GET", "10.1.2.3:80") == 200);
    CHECK(check(open, "GET", "evil.example") == 421);
    CHECK(check(open, "GET", "localhost.evil.example") == 421);
    CHECK(check(open, "POST", "localhost:1", "https://evil.example") == 403);
    CHECK(check(open, "POST", "localhost:1", "https://dash.example") == 200);
    CHECK(check(open, "POST", "localhost:1", "http://localhost:1") == 200);
    CHECK(check(open, "GET", "localhost:1", "https://evil.example") == 403);
    CHECK(check(open, "GET", "localhost:1", "http://localhost:2") == 403);
    CHECK(check(open, "GET", "localhost:1x") == 421);
    CHECK(check(open, "GET", "localhost:1:evil.example") == 421);
    Request cross_site;
    cross_site.method = "GET";
    cross_site.fields.add("Host", "localhost");
    cross_site.fields.add("Sec-Fetch-Site", "cross-site");
    CHECK_FALSE(open.check(cross_site));
    cross_site.fields.set("Sec-Fetch-Site", "same-site"); // another port of this machine
    CHECK_FALSE(open.check(cross_site));
    cross_site.fields.add("Origin", "https://dash.example");
    CHECK(open.check(cross_site));
    Response response;
    open.allow_origin(cross_site, response);
    CHECK(response.fields.get("Access-Control-Allow-Origin") == "https://dash.example");
    cross_site.fields.set("Origin", "https://evil.example");
    Response refused;
    open.allow_origin(cross_site, refused);
    CHECK(refused.fields.empty());
    const HostGuard guarded(server, {std::make_shared<const Secret>("t0ken")});
    CHECK(check(guarded, "GET", "localhost") == 401);
    CHECK(check(guarded, "GET", "localhost", "", "Bearer wrong") == 401);
    CHECK(check(guarded, "GET", "localhost", "", "bearer t0ken") == 200);
    CHECK_FALSE(guarded.preflight(cross_site));
    cross_site.method = "OPTIONS";
    cross_site.fields.add("Access-Control-Request-Method", "DELETE");
    CHECK_FALSE(guarded.check(cross_site));
    cross_site.fields.set("Origin", "https://dash.example"); // it has no token yet when it asks whether it may send one
    CHECK(guarded.check(cross_site));
    CHECK(guarded.preflight(cross_site)->status == 204);
}
