#include "proxy/http/request_head.hpp"

#include "proxy/http/field_lines.hpp"
#include "proxy/http/field_list.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

Failure malformed_request(std::string detail)
{
    return {.code = Errc::bad_request, .detail = "The request is malformed: " + std::move(detail) + ".", .members = {}};
}

// RFC 9112, 3.2: origin-form, absolute-form (whose authority replaces Host, and whose rest is the origin-form), or "*".
Result<void> split_target(Request& request)
{
    std::string_view rest = request.target;
    for (const std::string_view scheme : {"http://", "https://"})
        if (beast::iequals(rest.substr(0, scheme.size()), scheme)) {
            rest.remove_prefix(scheme.size());
            const auto end = std::min(rest.find_first_of("/?"), rest.size());
            request.fields.set("Host", std::string(rest.substr(0, end)));
            rest.remove_prefix(end);
            break;
        }
    if (rest == "*" && request.method == "OPTIONS") {
        request.path = "*";
        return {};
    }
    if (rest.size() != request.target.size())
        request.target = (rest.starts_with('/') ? "" : "/") + std::string(rest);
    if (!request.target.starts_with('/') || request.target.find('#') != std::string::npos)
        return malformed_request("the request target must be a path, such as /v1/batches");
    const auto query = std::min(request.target.find('?'), request.target.size());
    request.path = request.target.substr(0, query);
    request.query = request.target.substr(std::min(query + 1, request.target.size()));
    return {};
}

Result<void> parse_request_line(std::string_view line, Request& request)
{
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return malformed_request("the first line must be a method, a target and HTTP/1.1, with single spaces between");
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(request.method))
        return malformed_request("the method is not a token");
    if (request.target.empty() || !std::all_of(request.target.begin(), request.target.end(), is_visible))
        return malformed_request("the request target holds a space or a control character");
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return malformed_request("the version is not HTTP/1.1 or HTTP/1.0");
    request.minor_version = version == "HTTP/1.1" ? 1 : 0;
    return {};
}

Result<Framing> framing_of(const Request& request)
{
    Framing framing;
    auto length = content_length(request.fields);
    if (!length)
        return malformed_request(length.error().detail);
    framing.content_length = *length;
    if (const auto count = request.fields.count("Transfer-Encoding"); count != 0) {
        if (count > 1 || !beast::iequals(request.fields.get("Transfer-Encoding"), "chunked"))
            return malformed_request("the only Transfer-Encoding understood here is exactly 'chunked'");
        if (framing.content_length)
            return malformed_request("Transfer-Encoding and Content-Length contradict each other");
        if (request.minor_version == 0)
            return malformed_request("HTTP/1.0 has no Transfer-Encoding");
        framing.chunked = true;
    }
    framing.keep_alive = request.minor_version == 1 ? !has_element(request.fields.joined("Connection"), "close")
                                                    : has_element(request.fields.joined("Connection"), "keep-alive");
    framing.expects_continue =
        request.minor_version == 1 && has_element(request.fields.joined("Expect"), "100-continue");
    return framing;
}

} // namespace

Result<RequestHead> parse_request_head(std::string_view head)
{
    RequestHead parsed;
    const auto first = take_line(head);
    if (!first)
        return malformed_request("its lines must end with CR LF");
    if (auto done = parse_request_line(*first, parsed.request); !done)
        return done.error();
    if (auto done = take_fields(head, parsed.request.fields); !done)
        return malformed_request(done.error().detail);
    if (parsed.request.fields.count("Host") > 1 ||
        (parsed.request.minor_version == 1 && parsed.request.fields.get("Host").empty()))
        return malformed_request("there must be exactly one Host");
    if (auto done = split_target(parsed.request); !done)
        return done.error();
    auto framing = framing_of(parsed.request);
    if (!framing)
        return framing.error();
    parsed.framing = *framing;
    return parsed;
}

} // namespace nomadic::proxy
