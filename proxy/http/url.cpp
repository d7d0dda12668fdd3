#include "proxy/http/url.hpp"

#include "batch/json/scan.hpp"

#include <algorithm>
#include <set>

namespace nomadic::proxy {

namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Failure broken_escape(std::string_view text)
{
    return bad_request("The URL holds a broken percent-escape in '" + std::string(text) + "'.");
}

// The byte that the escape at `place` stands for; negative when there is none.
int escaped_byte(std::string_view text, std::size_t place)
{
    if (text[place] != '%' || place + 2 >= text.size())
        return -1;
    const int high = hex_digit(text[place + 1]);
    const int low = hex_digit(text[place + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

} // namespace

Result<std::string> percent_decode(std::string_view text)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int byte = escaped_byte(text, i);
        if (byte <= 0)
            return broken_escape(text);
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

std::string percent_encode(std::string_view text)
{
    std::string encoded;
    for (const char c : text) {
        const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                c == '-' || c == '.' || c == '_' || c == '~';
        if (unreserved) {
            encoded += c;
            continue;
        }
        encoded += '%';
        encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4U];
        encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 0xFU];
    }
    return encoded;
}

Result<void> check_segment(std::string_view id)
{
    constexpr std::size_t longest = 512;
    if (id.size() > longest)
        return bad_request("The id is longer than " + std::to_string(longest) + " bytes, which no id is.");
    const bool bad_bytes =
        std::any_of(id.begin(), id.end(), [](char c) { return c == '/' || c == '\\' || is_control(c); });
    if (id.empty() || id == "." || id == ".." || bad_bytes || !batch::json::is_utf8(id))
        return bad_request(
            "'" + percent_encode(id) +
            "' is no id: it may not be empty, '.' or '..', and holds no slash, backslash or control character "
            "and nothing but UTF-8.");
    return {};
}

std::optional<std::string> resolve_path(std::string_view path)
{
    std::string decoded;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const int byte = escaped_byte(path, i);
        decoded += byte < 0 ? path[i] : static_cast<char>(byte);
        i += byte < 0 ? 0 : 2;
    }
    if (decoded.find('\0') != std::string::npos)
        return std::nullopt;
    std::string resolved;
    for (std::string_view rest = decoded; !rest.empty();) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto segment = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (segment.empty() || segment == ".")
            continue;
        if (segment != "..")
            resolved.append("/").append(segment);
        else if (resolved.empty())
            return std::nullopt;
        else
            resolved.erase(resolved.rfind('/'));
    }
    return resolved;
}

Result<Query> parse_query(std::string_view query)
{
    Query parameters;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        std::string pair(query.substr(0, end));
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty())
            continue;
        std::replace(pair.begin(), pair.end(), '+', ' ');
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(std::string_view(pair).substr(0, equals));
        auto value = percent_decode(std::string_view(pair).substr(std::min(equals + 1, pair.size())));
        if (!name)
            return name.error();
        if (!value)
            return value.error();
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

Result<void> refuse_repeats(const Query& query, std::initializer_list<std::string_view> repeatable)
{
    std::set<std::string_view> seen;
    for (const auto& [name, value] : query) {
        const bool allowed = std::find(repeatable.begin(), repeatable.end(), name) != repeatable.end();
        if (!allowed && !seen.insert(name).second)
            return bad_request("The parameter '" + name + "' is given more than once. Leave one.");
    }
    return {};
}

} // namespace nomadic::proxy
