#include "base/counted.hpp"

#include <doctest/doctest.h>

using namespace nomadic;

TEST_CASE("counted: each counts for as long as it lives")
{
    std::uint64_t under_way = 0;
    {
        const Counted one(under_way);
        const Counted another(under_way);
        CHECK(under_way == 2);
    }
    CHECK(under_way == 0);
}
