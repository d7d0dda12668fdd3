#include "proxy/http/field_lines.hpp"

#include "proxy/http/field_list.hpp"

#include <charconv>

namespace nomadic::proxy {

namespace {

Failure complaint(std::string detail)
{
    return {.code = Errc::bad_request, .detail = std::move(detail), .members = {}};
}

// Several times what anybody sends; looking one up walks over all of them.
constexpr std::size_t most_fields = 500;

bool is_token_character(char c)
{
    constexpr std::string_view punctuation = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           punctuation.find(c) != std::string_view::npos;
}

} // namespace

bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_visible(char c)
{
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
}

bool is_field_value(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return is_visible(c) || c == ' ' || c == '\t'; });
}

std::optional<std::string_view> take_line(std::string_view& bytes)
{
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos || end == 0 || bytes[end - 1] != '\r')
        return std::nullopt;
    const auto line = bytes.substr(0, end - 1);
    bytes.remove_prefix(end + 1);
    return line;
}

Result<void> take_field(std::string_view line, Fields& fields)
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        return complaint("a header field has no valid name");
    const auto value = trim(line.substr(colon + 1));
    if (!is_field_value(value))
        return complaint("the header field " + std::string(line.substr(0, colon)) + " holds a control character");
    fields.add(std::string(line.substr(0, colon)), std::string(value));
    return {};
}

Result<void> take_fields(std::string_view& bytes, Fields& fields)
{
    for (std::size_t count = 0;; ++count) {
        const auto line = take_line(bytes);
        if (!line)
            return complaint("its lines must end with CR LF");
        if (line->empty())
            return {};
        if (count == most_fields)
            return complaint("it has more than " + std::to_string(most_fields) + " header fields");
        if (auto taken = take_field(*line, fields); !taken)
            return taken;
    }
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
        return complaint("Content-Length must be there once, and be one number");
    return std::optional(length);
}

std::optional<std::size_t> head_length(std::string_view bytes)
{
    // A lone LF never ends a line of ours, but it must not make us wait for more either: the parser refuses it.
    const auto strict = bytes.find("\r\n\r\n");
    const auto loose = bytes.find("\n\n");
    if (strict == std::string_view::npos && loose == std::string_view::npos)
        return std::nullopt;
    return strict < loose ? strict + 4 : loose + 2;
}

} // namespace nomadic::proxy
