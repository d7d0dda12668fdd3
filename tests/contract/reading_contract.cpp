// What every storage engine promises (cache/store.hpp) who reads a batch, or a part of it.

#include "contract/stores.hpp"

using namespace nomadic;
using namespace nomadic::cache;
using namespace nomadic::test;

TEST_CASE("store: a selection skips the videos that can't match, and a reader may stop")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto stored =
        put(*store, key, make_batch("b1", {{"approved"}, {"rejected"}, {"approved", "invalid"}, {}}), at(1));
    const auto approved = read_all(*store, stored->id, only(batch::Approval::approved));
    REQUIRE(approved.size() == 2);
    CHECK(approved[0].video_id == "video-0");
    CHECK(approved[1].video_id == "video-2");
    CHECK(read_all(*store, stored->id, only(batch::Approval::pending)).empty());
    int seen = 0;
    CHECK(store->read(stored->id, {}, WithSource::no, [&](const auto&) { return ++seen < 2; }));
    CHECK(seen == 2);
}

TEST_CASE("store: a selection leaves of each video the events that it wants")
{
    const Directory directory;
    auto store = open(directory);
    const auto batch = make_batch("b1", {{"approved", "pending", "approved"}, {"approved", "rejected"}, {}});
    const auto stored = put(*store, {scope(), "b1"}, batch, at(1));
    const auto labels = [&](const batch::Selection& selection) {
        std::string found;
        for (const auto& record : read_all(*store, stored->id, selection, WithSource::no))
            for (std::size_t i = 0; i < record.spans.size(); ++i)
                found += record.video_id + ":" + batch::event_facts(record.event(i)).label + " ";
        CHECK(store->facets(stored->id, selection)->events() ==
              static_cast<std::uint64_t>(std::count(found.begin(), found.end(), ':')));
        return found;
    };
    batch::Selection selection;
    selection.narrowing.label = {"label 0", "label 2"};
    CHECK(labels(selection) == "video-0:label 0 video-0:label 2 video-1:label 0 ");
    selection.narrowing.video_id = {"video-0"};
    CHECK(labels(selection) == "video-0:label 0 video-0:label 2 ");
    selection = only(batch::Approval::approved);
    selection.narrowing.q = {"LABEL 2"};
    CHECK(labels(selection) == "video-0:label 2 ");
    selection.narrowing.q = {"LABEL 2", "\"", "label 0"};
    CHECK(labels(selection) == "video-0:label 0 video-0:label 2 video-1:label 0 ");
    selection.narrowing = {};
    selection.narrowing.min_confidence = 0.9;
    CHECK(labels(selection).empty());
    selection.narrowing.min_confidence = 0.85;
    CHECK(labels(selection) == "video-0:label 0 video-0:label 2 video-1:label 0 ");
    for (const auto* hostile : {"label_0", "%", "' OR 1=1 --", "\"); DROP TABLE event; --"}) {
        selection.narrowing = {};
        selection.narrowing.label = {hostile};
        CHECK(labels(selection).empty());
        selection.narrowing = {};
        selection.narrowing.q = {hostile};
        CHECK(labels(selection).empty());
    }
}

TEST_CASE("store: each event of a video is found by what is said of it, however many there are")
{
    const Directory directory;
    auto store = open(directory);
    std::vector<std::vector<std::string>> approvals;
    for (const std::size_t events : {0U, 1U, 7U, 8U, 9U, 16U, 19U}) {
        auto& video = approvals.emplace_back();
        for (std::size_t i = 0; i < events; ++i)
            video.emplace_back(i % 3 == 0 ? "rejected" : "approved");
    }
    const auto batch = make_batch("b1", approvals);
    const auto stored = put(*store, {scope(), "b1"}, batch, at(1));
    for (const auto& record : batch.records)
        for (std::size_t i = 0; i < record.spans.size(); ++i) {
            auto selection = only(record.spans[i].approval);
            selection.narrowing.video_id = {record.video_id};
            selection.narrowing.label = {batch::event_facts(record.event(i)).label};
            const auto found = read_all(*store, stored->id, selection, WithSource::no);
            REQUIRE(found.size() == 1);
            REQUIRE(found[0].spans.size() == 1);
            CHECK(found[0].event(0) == record.event(i));
        }
}

TEST_CASE("store: a large batch is read in its order, page by page; a reader may stop anywhere, or throw")
{
    const Directory directory;
    auto store = open(directory);
    const auto batch =
        make_batch("b1", std::vector<std::vector<std::string>>(700, {"approved", "pending"}), std::string(2000, 'x'));
    const auto stored = put(*store, {scope(), "b1"}, batch, at(1), 100);
    REQUIRE(stored);
    CHECK(read_all(*store, stored->id) == batch.records);
    CHECK(read_all(*store, stored->id, only(batch::Approval::pending)).size() == 700);
    for (const int enough : {1, 2, 350, 699}) {
        int seen = 0;
        CHECK(store->read(stored->id, {}, WithSource::no, [&](const auto&) { return ++seen < enough; }));
        CHECK(seen == enough);
    }
    const auto failed =
        store->read(stored->id, {}, WithSource::no, [](const auto&) -> bool { throw std::runtime_error("no more"); });
    REQUIRE_FALSE(failed);
    CHECK(failed.error().detail.find("no more") != std::string::npos);
    CHECK(read_all(*store, stored->id) == batch.records);
}

TEST_CASE("store: upstream's own items come by video id, in the order asked for")
{
    const Directory directory;
    auto store = open(directory);
    const auto batch = make_batch("b1", {{"approved"}, {"rejected"}});
    const auto stored = put(*store, {scope(), "b1"}, batch, at(1));
    const std::vector<std::string> ids{"video-1", "nobody", "video-0"};
    const auto sources = store->sources(stored->id, ids);
    REQUIRE(sources);
    CHECK(sources->at(0) == batch.records[1].source);
    CHECK_FALSE(sources->at(1).has_value());
    CHECK(sources->at(2) == batch.records[0].source);
}
