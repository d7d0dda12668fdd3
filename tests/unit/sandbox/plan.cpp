#include "sandbox/generate.hpp"

#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

using namespace nomadic::sandbox;

TEST_CASE("sandbox: a batch is what its id says")
{
    const auto plan = parse_plan("running-3-agent-10-25-7");
    REQUIRE(plan.has_value());
    CHECK(plan->kind == Kind::agent);
    CHECK(plan->polls_until_completed == 3);
    CHECK(plan->events_of(0) == 3);
    CHECK(plan->events_of(9) == 2);
    CHECK(plan->video_index(plan->video_id(9)) == 9);
    CHECK_FALSE(plan->video_index("vid7-000010").has_value());
    CHECK(parse_plan("private-alice-ask-1-2-3")->owner == "alice");
    for (const char* bad : {"", "ask", "ask-1-2", "ask-1-2-3-4", "ask-x-2-3", "tell-1-2-3", "ask-1--3"})
        CHECK_FALSE_MESSAGE(parse_plan(bad).has_value(), bad);
}

TEST_CASE("sandbox: the same seed makes the same documents, another seed others, a review changes one event")
{
    const auto plan = *parse_plan("ask-3-9-1");
    const auto item = [&](std::uint64_t seed, const Review& review) {
        return boost::json::serialize(*Generator{seed}.item(plan, 1, review));
    };
    CHECK(item(1, {}) == item(1, {}));
    CHECK(item(1, {}) != item(2, {}));
    Review review;
    review.approvals[{1, 0}] = "invalid";
    CHECK(item(1, review).find("\"approval\":\"invalid\"") != std::string::npos);
}
