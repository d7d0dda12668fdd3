#include "proxy/http/problem.hpp"

#include "batch/json/scan.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace nomadic::proxy {

namespace {

struct Kind {
    unsigned status;
    std::string_view slug;  // the last part of `type`
    std::string_view title; // the same for every occurrence (RFC 9457, 3.1.4)
};

Kind kind_of(Errc code)
{
    switch (code) {
    case Errc::bad_request:
        return {400, "bad-request", "The request can't be understood"};
    case Errc::unauthorized:
        return {401, "unauthorized", "A usable credential is needed"};
    case Errc::forbidden:
        return {403, "forbidden", "This is not allowed"};
    case Errc::not_found:
        return {404, "not-found", "There is no such thing"};
    case Errc::method_not_allowed:
        return {405, "method-not-allowed", "This method does not work here"};
    case Errc::not_completed:
        return {409, "not-completed", "The batch is not completed"};
    case Errc::payload_too_large:
        return {413, "payload-too-large", "The request's body is too large"};
    case Errc::uri_too_long:
        return {414, "uri-too-long", "The request's URL is too long"};
    case Errc::range_not_satisfiable:
        return {416, "range-not-satisfiable", "The range is outside of the representation"};
    case Errc::misdirected:
        return {421, "misdirected", "This host name is not ours"};
    case Errc::unprocessable:
        return {422, "unprocessable", "A value is not one of those allowed"};
    case Errc::header_too_large:
        return {431, "header-too-large", "The request's header is too large"};
    case Errc::not_implemented:
        return {501, "not-implemented", "This part of the API is not served here"};
    case Errc::upstream_failed:
        return {502, "upstream-failed", "The upstream failed"};
    case Errc::upstream_unreachable:
        return {502, "upstream-unreachable", "The upstream can't be reached"};
    case Errc::overloaded:
        return {503, "overloaded", "Too much is going on"};
    case Errc::cancelled:
        return {503, "cancelled", "The request was given up"};
    case Errc::store_failed:
        return {503, "store-failed", "The store failed"};
    case Errc::no_room:
        return {503, "no-room", "There is no room for this"};
    case Errc::upstream_timeout:
        return {504, "upstream-timeout", "The upstream did not answer in time"};
    case Errc::offline_miss:
        return {504, "offline-miss", "Not stored here, and the upstream may not be asked"};
    case Errc::loop_detected:
        return {508, "loop-detected", "The upstream leads back here"};
    case Errc::store_newer:
    case Errc::invalid_configuration:
    case Errc::internal:
        break;
    }
    return {500, "internal", "The daemon failed"};
}

// What a client sent stands in its refusal, and need not be UTF-8, which JSON must be.
std::string readable(std::string text)
{
    if (!batch::json::is_utf8(text))
        std::replace_if(
            text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; }, '?');
    return text;
}

Response document(const Failure& failure, std::string_view instance, unsigned status)
{
    const auto kind = kind_of(failure.code);
    boost::json::object document{{"type", "urn:nomadic-cached:problem:" + std::string(kind.slug)},
                                 {"title", kind.title},
                                 {"status", status},
                                 {"detail", told(failure)},
                                 {"instance", instance}};
    for (const auto& member : failure.members)
        document.insert(member);
    Response response{.status = status};
    response.fields.add("Content-Type", "application/problem+json");
    response.fields.add("Cache-Control", "no-store");
    if (failure.retry_after)
        response.fields.add("Retry-After", std::to_string(failure.retry_after->count()));
    if (status == 401)
        response.fields.add("WWW-Authenticate", "Bearer");
    response.body = readable(boost::json::serialize(document));
    constexpr unsigned first_of_ours = 500; // RFC 9110, 15.6
    if (status_of(failure.code) >= first_of_ours)
        response.failure = readable(told(failure));
    return response;
}

} // namespace

unsigned status_of(Errc code)
{
    return kind_of(code).status;
}

Response problem(const Failure& failure, std::string_view instance)
{
    return document(failure, instance, status_of(failure.code));
}

Response api_problem(const Failure& failure, const Request& request)
{
    constexpr unsigned failed_dependency = 424;
    const bool missed = failure.code == Errc::offline_miss && request.fields.get("X-Client-Type") == "SDK";
    return document(failure, request.target, missed ? failed_dependency : status_of(failure.code));
}

} // namespace nomadic::proxy
