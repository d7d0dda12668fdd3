#include "proxy/upstream/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nomadic::proxy {

namespace {

struct Network {
    std::uint32_t prefix;
    unsigned bits;
};

constexpr std::uint32_t network(unsigned a, unsigned b, unsigned c = 0)
{
    return a << 24U | b << 16U | c << 8U;
}

// IANA's registry of special-purpose addresses (RFC 6890), and multicast.
constexpr std::array special_networks{
    Network{network(0, 0), 8},         Network{network(10, 0), 8},      Network{network(100, 64), 10},
    Network{network(127, 0), 8},       Network{network(169, 254), 16},  Network{network(172, 16), 12},
    Network{network(192, 0, 0), 24},   Network{network(192, 0, 2), 24}, Network{network(192, 88, 99), 24},
    Network{network(192, 168), 16},    Network{network(198, 18), 15},   Network{network(198, 51, 100), 24},
    Network{network(203, 0, 113), 24}, Network{network(224, 0), 4},     Network{network(240, 0), 4},
};

bool is_public(const boost::asio::ip::address_v4& address)
{
    const auto number = static_cast<std::uint32_t>(address.to_uint());
    return std::none_of(special_networks.begin(), special_networks.end(), [number](const Network& special) {
        return (number ^ special.prefix) >> (32U - special.bits) == 0;
    });
}

// Of IPv6 only 2000::/3 is given out; within it, Teredo and other protocol blocks (2001::/23), documentation
// (2001:db8::/32) and 6to4 (2002::/16) lead elsewhere.
bool is_public(const boost::asio::ip::address_v6& address)
{
    const auto bytes = address.to_bytes();
    const auto starts = [&](unsigned first, unsigned second) { return bytes[0] == first && bytes[1] == second; };
    if ((bytes[0] & 0xE0U) != 0x20U || starts(0x20, 0x02))
        return false;
    if (!starts(0x20, 0x01))
        return true;
    const bool protocol_block = (bytes[2] & 0xFEU) == 0;
    const bool documentation = bytes[2] == 0x0D && bytes[3] == 0xB8;
    return !protocol_block && !documentation;
}

} // namespace

bool is_public(const boost::asio::ip::address& address)
{
    return address.is_v4() ? is_public(address.to_v4()) : is_public(address.to_v6());
}

} // namespace nomadic::proxy
