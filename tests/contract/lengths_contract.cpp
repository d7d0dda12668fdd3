// What every storage engine promises of the lengths it keeps (cache/store.hpp): they are those of what is read.

#include "batch/parse.hpp"
#include "cache/bundle.hpp"
#include "contract/stores.hpp"

using namespace nomadic;
using namespace nomadic::cache;
using namespace nomadic::test;

namespace {

std::optional<std::vector<batch::RecordLengths>> lengths(Store& store, std::int64_t snapshot)
{
    std::vector<batch::RecordLengths> all;
    auto whole = store.lengths(snapshot, [&](const auto& of_video) {
        all.push_back(of_video);
        return true;
    });
    if (!whole)
        FAIL(whole.error().detail);
    return *whole ? std::optional(all) : std::nullopt;
}

std::vector<batch::RecordLengths> lengths_of_all(const std::vector<batch::VideoRecord>& records)
{
    std::vector<batch::RecordLengths> all;
    for (const auto& record : records)
        all.push_back(*batch::lengths_of(record));
    return all;
}

const std::vector<std::vector<std::string>> approvals{
    {"pending", "approved"}, {}, {"rejected"}, {"approved", "x", "invalid"}, {"pending"}};

} // namespace

TEST_CASE("store: the lengths are those of every video, in the batch's order and as often as it is in it")
{
    const Directory directory;
    auto batch = make_batch("b1", approvals);
    auto status = batch::parse_status(R"({"status":"completed","config":{"analysis_kind":"ask"},"videos":[)"
                                      R"({"video_id":"video-3"},{"video_id":"video-3"},{"video_id":"video-0"},)"
                                      R"({"video_id":"video-1"},{"video_id":"video-2"},{"video_id":"video-4"},)"
                                      R"({"video_id":"video-0"}]})",
                                      "b1");
    REQUIRE(status);
    batch.status = *status;
    std::int64_t snapshot = 0;
    {
        auto store = open(directory);
        std::reverse(batch.records.begin(), batch.records.end()); // chunks come in any order
        snapshot = put(*store, {scope(), "b1"}, batch, at(1)).value().id;
        const auto read = read_all(*store, snapshot);
        REQUIRE(read.size() == 7);
        CHECK(lengths(*store, snapshot) == lengths_of_all(read));
        std::size_t seen = 0;
        CHECK(store->lengths(snapshot, [&](const auto&) { return ++seen < 3; }));
        CHECK(seen == 3);
    }
    auto store = open(directory);
    CHECK(lengths(*store, snapshot) == lengths_of_all(read_all(*store, snapshot)));
    put(*store, {scope(), "empty"}, make_batch("empty", {}), at(2));
    CHECK(lengths(*store, (*store->find({scope(), "empty"}))->id)->empty());
}

TEST_CASE("store: lengths are told of the newest state, and of an earlier one only where they are its own")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    std::vector<std::int64_t> states;
    auto changing = approvals;
    states.push_back(put(*store, key, make_batch("b1", changing), at(1)).value().id);
    changing[2] = {"approved"};
    states.push_back(put(*store, key, make_batch("b1", changing), at(2)).value().id);
    changing.emplace_back(); // another video: the state before can't be told from this one
    states.push_back(put(*store, key, make_batch("b1", changing), at(3)).value().id);
    changing[0] = {"pending", "rejected"};
    states.push_back(put(*store, key, make_batch("b1", changing), at(4)).value().id);
    for (const auto state : states)
        if (const auto told = lengths(*store, state))
            CHECK(told == lengths_of_all(read_all(*store, state)));
    CHECK(lengths(*store, states.back()).has_value());
    REQUIRE(store->trim_history(key, 1, at(0)));
    CHECK(lengths(*store, states.back()) == lengths_of_all(read_all(*store, states.back())));
    CHECK_FALSE(lengths(*store, states.front()).has_value());
    REQUIRE(store->purge(key));
    CHECK_FALSE(lengths(*store, states.back()).has_value());
    evict_all(*store, std::uint64_t{1} << 40U);
    CHECK(store->check()->empty());
    const auto again = put(*store, key, make_batch("b1", approvals), at(5));
    CHECK(lengths(*store, again.value().id) == lengths_of_all(read_all(*store, again.value().id)));
}

TEST_CASE("store: lengths travel in bundles, and come in with an import")
{
    const Directory directory;
    const auto batch = make_batch("b1", approvals);
    const Key key{scope(), "b1"};
    {
        const Directory home;
        auto store = open(home);
        put(*store, key, batch, at(1));
        REQUIRE(write_bundle(*store, {&key, 1}, States::newest, directory / "b.bundle"));
    }
    const auto told = [](Store& store) {
        const auto all = store.list({}, "", 10).value();
        REQUIRE(all.size() == 1);
        return lengths(store, all[0].id);
    };
    CHECK(told(*open_bundle(directory / "b.bundle").value()) == lengths_of_all(batch.records));
    const Directory elsewhere;
    auto store = open(elsewhere);
    REQUIRE(import_bundle(directory / "b.bundle", *store, scope("other"), at(2)));
    CHECK(told(*store) == lengths_of_all(batch.records));
}
