#include "proxy/upstream/public_address.hpp"

#include <doctest/doctest.h>

using nomadic::proxy::is_public;

TEST_CASE("public_address: what a stranger's URL may lead to")
{
    for (const auto* text :
         {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
          "198.17.255.255", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::5e", "2001:4860:4860::8888"}) {
        CAPTURE(text);
        CHECK(is_public(boost::asio::ip::make_address(text)));
    }
}

TEST_CASE("public_address: nothing of this machine, its network, or a wrapped one of them")
{
    for (const auto* text : {"0.0.0.0",
                             "10.1.2.3",
                             "100.64.0.1",
                             "127.0.0.1",
                             "127.255.255.255",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.0.0.1",
                             "192.168.1.1",
                             "198.18.0.1",
                             "198.19.255.255",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::ffff:127.0.0.1",
                             "::ffff:8.8.8.8",
                             "64:ff9b::7f00:1",
                             "fc00::1",
                             "fd12::1",
                             "fe80::1",
                             "fec0::1",
                             "ff02::1",
                             "2001::1",
                             "2001:db8::1",
                             "2002:7f00:1::1"}) {
        CAPTURE(text);
        CHECK_FALSE(is_public(boost::asio::ip::make_address(text)));
    }
}
