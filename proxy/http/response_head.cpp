#include "proxy/http/response_head.hpp"

#include "proxy/http/field_lines.hpp"
#include "proxy/http/field_list.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

Failure malformed_answer(const std::string& why)
{
    return {.code = Errc::upstream_failed,
            .detail = "The upstream's answer is not HTTP as it should be: " + why + ".",
            .members = {}};
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// "HTTP/1.1 200 OK"; some leave out the reason together with the space before it.
Result<void> parse_status_line(std::string_view line, ResponseHead& head)
{
    constexpr std::size_t version_end = 8, status_end = 12;
    const auto version = line.substr(0, version_end);
    const bool known = version == "HTTP/1.1" || version == "HTTP/1.0";
    if (!known || line.size() < status_end || line[version_end] != ' ' ||
        !std::all_of(line.begin() + version_end + 1, line.begin() + status_end, is_digit) ||
        (line.size() > status_end && line[status_end] != ' '))
        return malformed_answer("it does not begin with a status line");
    head.minor_version = version.back() == '1' ? 1 : 0;
    for (const char digit : line.substr(version_end + 1, 3))
        head.status = head.status * 10 + static_cast<unsigned>(digit - '0');
    if (head.status < 100)
        return malformed_answer("there is no such status");
    head.reason = line.substr(std::min(status_end + 1, line.size()));
    if (!is_field_value(head.reason))
        return malformed_answer("its reason holds a control character");
    return {};
}

// RFC 9112, 6.3.
Result<void> find_framing(ResponseHead& head, std::string_view request_method)
{
    auto length = content_length(head.fields);
    if (!length)
        return malformed_answer(length.error().detail);
    head.content_length = *length;
    const auto codings = head.fields.count("Transfer-Encoding");
    if (codings > 1 || (codings == 1 && !boost::beast::iequals(head.fields.get("Transfer-Encoding"), "chunked")))
        return malformed_answer("the only Transfer-Encoding understood here is exactly 'chunked'");
    if (codings != 0 && head.content_length)
        return malformed_answer("Transfer-Encoding and Content-Length contradict each other");
    if (codings != 0 && head.minor_version == 0)
        return malformed_answer("HTTP/1.0 has no Transfer-Encoding");

    const auto connection = head.fields.joined("Connection");
    head.keep_alive =
        head.minor_version == 1 ? !has_element(connection, "close") : has_element(connection, "keep-alive");
    const bool bodiless = head.informational() || head.status == 204 || head.status == 304;
    if (bodiless || request_method == "HEAD")
        head.body = ResponseHead::Body::none;
    else if (codings != 0)
        head.body = ResponseHead::Body::chunked;
    else if (head.content_length)
        head.body = ResponseHead::Body::counted;
    else {
        head.body = ResponseHead::Body::until_close;
        head.keep_alive = false;
    }
    return {};
}

} // namespace

Result<ResponseHead> parse_response_head(std::string_view bytes, std::string_view request_method)
{
    ResponseHead head;
    const auto first = take_line(bytes);
    if (!first)
        return malformed_answer("its lines must end with CR LF");
    if (auto done = parse_status_line(*first, head); !done)
        return done.error();
    if (auto done = take_fields(bytes, head.fields); !done)
        return malformed_answer(done.error().detail);
    if (auto done = find_framing(head, request_method); !done)
        return done.error();
    return head;
}

} // namespace nomadic::proxy
