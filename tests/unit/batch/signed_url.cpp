#include "batch/signed_url.hpp"

#include <doctest/doctest.h>

using nomadic::batch::expiry_of;
using nomadic::batch::unsigned_url;

TEST_CASE("signed_url: each signer says in its own way until when")
{
    const std::int64_t noon = 1'769'860'800; // 2026-01-31T12:00:00Z
    CHECK(expiry_of("https://s/x?X-Goog-Date=20260131T120000Z&X-Goog-Expires=900&X-Goog-Signature=ab", 0) ==
          noon + 900);
    CHECK(expiry_of("https://s/x?X-Amz-Expires=60&X-Amz-Date=20260131T120000Z", 0) == noon + 60);
    CHECK(expiry_of("https://s/x?Expires=1769860800&Signature=ab", 0) == noon);
    CHECK(expiry_of("https://s/x?sv=1&se=2026-01-31T12%3A00%3A00Z&sig=ab", 0) == noon);
    CHECK(expiry_of("https://s/x?X-Goog-Expires=900", 1000) == 1900);
}

TEST_CASE("signed_url: what does not say, or not in a way that can be read, never expires")
{
    for (const auto* url :
         {"", "https://s/x", "https://s/x?", "https://s/x?n=1&&=&a", "https://s/x?Expires=soon",
          "https://s/x?X-Goog-Expires=99999999999999", "https://s/x?se=2026-13-31T12:00:00Z", "https://s/x#?Expires=1"})
        CHECK_FALSE(expiry_of(url, 0).has_value());
}

TEST_CASE("signed_url: without its signature, a URL is the same however often it is signed")
{
    CHECK(unsigned_url("https://s/x.jpg?X-Goog-Date=1&n=7&X-Goog-Signature=ab&v=#top") == "https://s/x.jpg?n=7&v");
    CHECK(unsigned_url("https://s/x.jpg?Expires=1&Signature=ab&GoogleAccessId=c") == "https://s/x.jpg");
    CHECK(unsigned_url("https://s/x.jpg") == "https://s/x.jpg");
}
