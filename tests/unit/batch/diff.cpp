#include "batch/diff.hpp"

#include "batch/parse.hpp"

#include <doctest/doctest.h>

using namespace nomadic::batch;

namespace {

std::vector<VideoRecord> records(const std::string& events)
{
    auto status = parse_status(R"({"batch_id":"b","status":"completed","videos":[{"video_id":"v"}]})", "b");
    return parse_bulk(*status, status->videos,
                      R"({"analyses":[{"video_id":"v","analysis_id":"a","analysis":{"events":)" + events + "}}]}")
        ->records;
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

TEST_CASE("diff: events that share an identity are a multiset: their order means nothing")
{
    for (const std::string id : {"", "same"}) {
        const auto found = diff("[" + event(id, "a", "approved") + "," + event(id, "a", "pending") + "]",
                                "[" + event(id, "a", "pending") + "," + event(id, "a", "approved") + "]");
        CHECK(found.approvals.empty());
        CHECK(found.changed.empty());
        const auto more = diff("[" + event(id, "a", "approved") + "," + event(id, "a", "pending") + "]",
                               "[" + event(id, "a", "rejected") + "," + event(id, "a", "pending") + "," +
                                   event(id, "a", "pending") + "]");
        REQUIRE(more.approvals.size() == 1);
        CHECK(more.approvals[0].from == "approved");
        CHECK(more.approvals[0].to == "rejected");
        CHECK(more.added.size() == 1);
        CHECK(more.removed.empty());
    }
}

TEST_CASE("diff: a null approval is pending, and only a change of what it counts as is one")
{
    auto null_approval = event("1", "a", "pending");
    null_approval.replace(null_approval.find("\"pending\""), 9, "null");
    CHECK(diff("[" + event("1", "a", "pending") + "]", "[" + null_approval + "]").approvals.empty());
    CHECK(diff("[" + event("1", "a", "approved") + "]", "[" + null_approval + "]").approvals.at(0).to == "pending");
}

TEST_CASE("diff: a video that is named twice is compared once")
{
    const auto twice = records("[" + event("1", "a", "pending") + "]");
    const auto after = records("[" + event("1", "a", "approved") + "]");
    Differ differ;
    for (int i = 0; i < 2; ++i)
        differ.older(twice[0]);
    for (int i = 0; i < 2; ++i)
        differ.newer(after[0]);
    const auto found = differ.finish();
    CHECK(found.approvals.size() == 1);
    CHECK(found.added.empty());
    CHECK(found.removed.empty());
}

TEST_CASE("diff: events without an id are known by what they say")
{
    const auto found = diff("[" + event("", "a", "pending") + "," + event("", "a", "pending") + "]",
                            "[" + event("", "a", "pending") + "," + event("", "a", "rejected") + "," +
                                event("", "c", "pending") + "]");
    CHECK(found.approvals.size() == 1);
    REQUIRE(found.added.size() == 1);
    CHECK(found.added[0].label == "c");
    CHECK(diff("[" + event("1", "a", "pending") + "]", "[]").removed.size() == 1);
}
