#include "base/units.hpp"

#include <doctest/doctest.h>

using namespace nomadic;
using namespace std::chrono_literals;

TEST_CASE("units: durations need a unit and come back in the largest exact one")
{
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("60s") == 60s);
    CHECK(parse_duration("24h") == 24h);
    CHECK(parse_duration("7d") == 168h);
    CHECK(parse_duration("0s") == 0ms);
    for (const char* wrong : {"", "60", "s", "-1s", "1.5s", "1 week", "99999999999999999999s", "9223372036854775807d"})
        CHECK_FALSE_MESSAGE(parse_duration(wrong).has_value(), wrong);
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(24h) == "1d");
    CHECK(format_duration(1500ms) == "1500ms");
    CHECK(format_duration(0ms) == "0s");
}

TEST_CASE("units: sizes are bytes, or powers of 1024 with a unit")
{
    CHECK(parse_size("65536") == 65536);
    CHECK(parse_size("64 KiB") == 65536);
    CHECK(parse_size("2GiB") == std::uint64_t{2} << 30);
    for (const char* wrong : {"", "GiB", "2 GB", "-1", "1.5 MiB", "999999999999 TiB"})
        CHECK_FALSE_MESSAGE(parse_size(wrong).has_value(), wrong);
    CHECK(format_size(65536) == "64 KiB");
    CHECK(format_size(1000) == "1000 B");
    CHECK(parse_size(format_size(3 << 20)) == 3U << 20);
}
