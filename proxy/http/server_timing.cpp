#include "proxy/http/server_timing.hpp"

#include <array>
#include <charconv>

namespace nomadic::proxy {

void append_milliseconds(std::chrono::nanoseconds duration, std::string& out)
{
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    std::array<char, 24> digits{};
    const auto whole = std::to_chars(digits.data(), digits.data() + digits.size(), micros / 1000);
    out.append(digits.data(), whole.ptr);
    out += '.';
    for (const auto unit : {100, 10, 1})
        out += static_cast<char>('0' + micros % 1000 / unit % 10);
}

void append_server_timing(std::chrono::nanoseconds lookup, std::chrono::nanoseconds render, std::string& out)
{
    out += "cache;dur=";
    append_milliseconds(lookup, out);
    out += ", render;dur=";
    append_milliseconds(render, out);
}

} // namespace nomadic::proxy
