#pragma once

// Which addresses are on the public internet: what somebody else's URL may make us connect to. Pure, any thread.

#include <boost/asio/ip/address.hpp>

namespace nomadic::proxy {

// False for loopback, private, link-local, shared, multicast and reserved addresses (RFC 6890), also when an IPv6
// address only wraps an IPv4 one.
bool is_public(const boost::asio::ip::address& address);

} // namespace nomadic::proxy
