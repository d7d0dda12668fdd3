#include "proxy/http/request_head.hpp"

#include "proxy/http/field_list.hpp"

#include <algorithm>
#include <charconv>

namespace nomadic::proxy {

namespace {

Failure malformed(std::string detail)
{
    return {.code = Errc::bad_request, .detail = "The request is malformed: " + std::move(detail) + ".", .members = {}};
}

bool is_token_character(char c)
{
    constexpr std::string_view punctuation = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           punctuation.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_visible(char c)
{
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
}

bool is_field_character(char c)
{
    return is_visible(c) || c == ' ' || c == '\t';
}

// Takes a line off the front; only CRLF ends one.
std::optional<std::string_view> take_line(std::string_view& bytes)
{
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos || end == 0 || bytes[end - 1] != '\r')
        return std::nullopt;
    const auto line = bytes.substr(0, end - 1);
    bytes.remove_prefix(end + 1);
    return line;
}

// RFC 9112, 3.2: origin-form, absolute-form (whose authority replaces Host), or "*".
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
    const auto query = rest.find('?');
    request.path = rest.substr(0, query);
    request.query = query == std::string_view::npos ? "" : rest.substr(query + 1);
    if (request.path.empty() && rest.size() != request.target.size())
        request.path = "/";
    if (!request.path.starts_with('/') || request.target.find('#') != std::string::npos)
        return malformed("the request target must be a path, such as /v1/batches");
    return {};
}

Result<void> parse_request_line(std::string_view line, Request& request)
{
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return malformed("the first line must be a method, a target and HTTP/1.1, with single spaces between");
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(request.method))
        return malformed("the method is not a token");
    if (request.target.empty() || !std::all_of(request.target.begin(), request.target.end(), is_visible))
        return malformed("the request target holds a space or a control character");
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return malformed("the version is not HTTP/1.1 or HTTP/1.0");
    request.minor_version = version == "HTTP/1.1" ? 1 : 0;
    return {};
}

Result<void> parse_field(std::string_view line, Fields& fields)
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        return malformed("a header field has no valid name");
    const auto value = trim(line.substr(colon + 1));
    if (!std::all_of(value.begin(), value.end(), is_field_character))
        return malformed("the header field " + std::string(line.substr(0, colon)) + " holds a control character");
    fields.add(std::string(line.substr(0, colon)), std::string(value));
    return {};
}

Result<std::optional<std::uint64_t>> content_length(const Fields& fields)
{
    const auto count = fields.count("Content-Length");
    if (count == 0)
        return std::optional<std::uint64_t>{};
    const auto text = fields.get("Content-Length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    // from_chars takes no sign for unsigned numbers, so what is left over is all that has to be looked for.
    if (count > 1 || error != std::errc{} || end != text.data() + text.size())
        return malformed("Content-Length must be there once, and be one number");
    return std::optional(length);
}

Result<Framing> framing_of(const Request& request)
{
    Framing framing;
    auto length = content_length(request.fields);
    if (!length)
        return length.error();
    framing.content_length = *length;
    if (const auto count = request.fields.count("Transfer-Encoding"); count != 0) {
        if (count > 1 || !beast::iequals(request.fields.get("Transfer-Encoding"), "chunked"))
            return malformed("the only Transfer-Encoding understood here is exactly 'chunked'");
        if (framing.content_length)
            return malformed("Transfer-Encoding and Content-Length contradict each other");
        if (request.minor_version == 0)
            return malformed("HTTP/1.0 has no Transfer-Encoding");
        framing.chunked = true;
    }
    framing.keep_alive = request.minor_version == 1 ? !has_element(request.fields.joined("Connection"), "close")
                                                    : has_element(request.fields.joined("Connection"), "keep-alive");
    framing.expects_continue =
        request.minor_version == 1 && has_element(request.fields.joined("Expect"), "100-continue");
    return framing;
}

} // namespace

std::optional<std::size_t> head_length(std::string_view bytes)
{
    // A lone LF never ends a line of ours, but it must not make us wait for more either: the parser refuses it.
    const auto strict = bytes.find("\r\n\r\n");
    const auto loose = bytes.find("\n\n");
    if (strict == std::string_view::npos && loose == std::string_view::npos)
        return std::nullopt;
    return strict < loose ? strict + 4 : loose + 2;
}

Result<RequestHead> parse_request_head(std::string_view head)
{
    RequestHead parsed;
    const auto first = take_line(head);
    if (!first)
        return malformed("its lines must end with CR LF");
    if (auto done = parse_request_line(*first, parsed.request); !done)
        return done.error();
    for (;;) {
        const auto line = take_line(head);
        if (!line)
            return malformed("its lines must end with CR LF");
        if (line->empty())
            break;
        if (auto done = parse_field(*line, parsed.request.fields); !done)
            return done.error();
    }
    if (parsed.request.fields.count("Host") > 1 ||
        (parsed.request.minor_version == 1 && parsed.request.fields.get("Host").empty()))
        return malformed("there must be exactly one Host");
    if (auto done = split_target(parsed.request); !done)
        return done.error();
    auto framing = framing_of(parsed.request);
    if (!framing)
        return framing.error();
    parsed.framing = *framing;
    return parsed;
}

} // namespace nomadic::proxy
