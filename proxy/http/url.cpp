#include "proxy/http/url.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Failure broken(std::string_view text)
{
    return {.code = Errc::bad_request,
            .detail = "The URL holds a broken percent-escape in '" + std::string(text) + "'.",
            .members = {}};
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
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || high * 16 + low == 0)
            return broken(text);
        decoded += static_cast<char>(high * 16 + low);
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

} // namespace nomadic::proxy
