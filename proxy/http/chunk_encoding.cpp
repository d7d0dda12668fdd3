#include "proxy/http/chunk_encoding.hpp"

#include <array>
#include <charconv>

namespace nomadic::proxy {

namespace {

constexpr std::array<std::string_view, 20> never_trailing{
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Expect",
    "Host",
    "Keep-Alive",
    "Max-Forwards",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "X-API-Key",
};

} // namespace

void encode_chunk(std::string_view bytes, std::string& out)
{
    std::array<char, 16> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
    out.assign(digits.data(), end);
    out += "\r\n";
    out += bytes;
    out += "\r\n";
}

std::string last_chunk(const Fields& trailers)
{
    std::string text = "0\r\n";
    for (const auto& [name, value] : trailers)
        text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

Fields allowed_trailers(const Fields& received)
{
    Fields allowed;
    for (const auto& [name, value] : received) {
        const auto is_name = [&name = name](std::string_view other) { return beast::iequals(name, other); };
        if (std::none_of(never_trailing.begin(), never_trailing.end(), is_name))
            allowed.add(name, value);
    }
    return allowed;
}

} // namespace nomadic::proxy
