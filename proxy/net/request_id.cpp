#include "proxy/net/request_id.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace nomadic::proxy {

bool is_sane_id(std::string_view id)
{
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
               c == '.';
    });
}

void append_next_request_id(std::string& out)
{
    static auto counter = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    auto number = counter++ * 0x9E3779B97F4A7C15ULL; // spreads neighbours, stays unique
    std::array<char, 16> id{};
    for (auto& digit : id) {
        digit = "0123456789abcdef"[number & 0xFU];
        number >>= 4U;
    }
    out.append(id.data(), id.size());
}

std::string next_request_id()
{
    std::string id;
    append_next_request_id(id);
    return id;
}

} // namespace nomadic::proxy
