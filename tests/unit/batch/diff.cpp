#include "batch/diff.hpp"

#include "batch/parse.hpp"

#include <doctest/doctest.h>

using namespace nomadic::batch;

namespace {

std::vector<VideoRecord> records(const std::string& events)
{
    auto status = parse_status(R"({"batch_id":"b","status":"completed","videos":[{"video_id":"v"}]})", "b");
    return *parse_bulk(*status, status->videos,
                       R"({"analyses":[{"video_id":"v","analysis_id":"a","analysis":{"events":)" + events + "}}]}");
}

Difference diff(const std::string& older, const std::string& newer)
{
    Differ differ;
    for (const auto& record : records(older))
        differ.older(record);
    for (const auto& record : records(newer))
        differ.newer(record);
    return differ.finish();
}

std::string event(const std::string& id, const std::string& label, const std::string& approval)
{
    return R"({"type":"t","time":"t=1","end_time":"t=2","description":")" + label + R"(","event_id":")" + id +
           R"(","approval":")" + approval + "\"}";
}

} // namespace

TEST_CASE("diff: an event keeps its identity when events are reordered and its label changes")
{
    const auto found = diff("[" + event("1", "a", "pending") + "," + event("2", "b", "pending") + "]",
                            "[" + event("2", "b", "approved") + "," + event("1", "A", "pending") + "]");
    REQUIRE(found.approvals.size() == 1);
    CHECK(found.approvals[0].event_id == "2");
    CHECK(found.approvals[0].from == "pending");
    CHECK(found.approvals[0].to == "approved");
    REQUIRE(found.changed.size() == 1);
    CHECK(found.changed[0].label == "A");
    CHECK(found.added.empty());
    CHECK(found.removed.empty());
}

TEST_CASE("diff: events without an id are known by what they say, equal ones by their order")
{
    const auto found = diff("[" + event("", "a", "pending") + "," + event("", "a", "pending") + "]",
                            "[" + event("", "a", "pending") + "," + event("", "a", "rejected") + "," +
                                event("", "c", "pending") + "]");
    CHECK(found.approvals.size() == 1);
    REQUIRE(found.added.size() == 1);
    CHECK(found.added[0].label == "c");
    CHECK(diff("[" + event("1", "a", "pending") + "]", "[]").removed.size() == 1);
}
