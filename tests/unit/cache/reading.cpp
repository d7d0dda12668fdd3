// What is read of a batch, and what is not: rows say which events are wanted, and only the records that hold one are
// read.

#include "cache/sqlite/database.hpp"
#include "contract/stores.hpp"

#include <fstream>

using namespace nomadic;
using namespace nomadic::cache;
using namespace nomadic::test;

namespace {

// Of `videos` videos; which events each has, and what is said of them, goes by `round` as well.
TestBatch varied_batch(std::size_t videos, std::size_t round)
{
    namespace json = boost::json;
    constexpr std::array approvals{"approved", "rejected", "pending"};
    json::array pointers, analyses;
    for (std::size_t v = 0; v < videos; ++v) {
        const auto video_id = "video-" + std::to_string(v * 7 % videos); // in no order
        pointers.push_back({{"video_id", video_id}, {"analysis_id", "a"}, {"status", "completed"}});
        json::array events;
        for (std::size_t e = 0; e < v % 5; ++e) {
            const auto number = v + e + (v % 50 == 0 ? round : 0);
            events.push_back({{"category", "category " + std::to_string(number % 3)},
                              {"severity", number % 2 == 0 ? "high" : "low"},
                              {"label", "label " + std::to_string(number % 11)},
                              {"aiAnalysis", number % 4 == 0 ? "A cyclist" : "Nobody"},
                              {"confidence", 0.1 * static_cast<double>(number % 10)},
                              {"approval", approvals[number % approvals.size()]}});
        }
        analyses.push_back({{"video_id", video_id}, {"analysis_id", "a"}, {"analysis", {{"events", events}}}});
    }
    pointers.push_back(pointers.front()); // one of them twice
    const json::value status{
        {"batch_id", "b1"}, {"status", "completed"}, {"config", {{"analysis_kind", "ask"}}}, {"videos", pointers}};
    const json::value bulk{
        {"analyses", analyses}, {"unresolved_video_ids", json::array{}}, {"not_found_analysis_ids", json::array{}}};
    auto document = batch::parse_status(json::serialize(status), "b1");
    auto answer = batch::parse_bulk(*document, document->videos, json::serialize(bulk));
    return {std::move(*document), std::move(answer->records)};
}

std::vector<batch::Selection> selections()
{
    std::vector<batch::Selection> selections(10);
    selections[1] = only(batch::Approval::approved);
    selections[2].narrowing.category = {"category 1", "category 2"};
    selections[3].narrowing.severity = {"high"};
    selections[4] = only(batch::Approval::rejected);
    selections[4].narrowing.label = {"label 3", "no such label"};
    selections[5].narrowing.min_confidence = 0.75;
    selections[6].narrowing.video_id = {"video-3", "video-4", "video-7", "nobody"};
    selections[7].narrowing.q = {"CYCLIST"};
    selections[8].narrowing = {.severity = {"low"}, .video_id = {"video-11", "video-12"}, .q = {"cyclist", "bel 1"}};
    selections[9].narrowing.label = {"no such label"};
    return selections;
}

// What a reader of everything would pick.
std::vector<std::string> picked(const std::vector<batch::VideoRecord>& records, const batch::Selection& selection)
{
    std::vector<std::string> events;
    for (const auto& record : records)
        for (std::size_t i = 0; i < record.spans.size(); ++i)
            if (selection.wants(record.spans[i].approval) && selection.narrowing.allows_video(record.video_id) &&
                selection.narrowing.matches(batch::event_facts(record.event(i))))
                events.push_back(record.video_id + std::string(record.event(i)));
    return events;
}

std::string facets_of(const std::vector<batch::VideoRecord>& records)
{
    batch::Facets facets;
    for (const auto& record : records) {
        for (std::size_t i = 0; i < record.spans.size(); ++i)
            facets.count(batch::event_facts(record.event(i)).values());
        facets.count_video(record.video_id, record.spans.size());
    }
    return facets.json();
}

void change(const Directory& directory, const std::string& statement)
{
    sqlite::Database(directory / "cache.db", sqlite::Database::Mode::read_write).script(statement);
}

// Whoever reads on in one of these records, let alone decodes it, is told that the database is malformed: the pages
// that it goes on in lead nowhere.
void make_unreadable(const Directory& directory, const std::string& which)
{
    constexpr std::size_t link = 4; // at the front of each such page, to the next
    const std::string filling = "unreadable";
    change(directory, "UPDATE content SET record = CAST(replace(hex(zeroblob(4096)), '00', '" + filling +
                          "') AS BLOB) WHERE " + which + "; PRAGMA wal_checkpoint(TRUNCATE)");
    const auto page_size =
        sqlite::Database(directory / "cache.db", sqlite::Database::Mode::read_only).pragma("page_size");
    std::fstream file(directory / "cache.db", std::ios::binary | std::ios::in | std::ios::out);
    std::string page(static_cast<std::size_t>(page_size), '\0');
    int changed = 0;
    for (std::streamoff at = 0; file.seekg(at) && file.read(page.data(), page_size); at += page_size)
        if (page.find(filling) - link < filling.size()) {
            file.seekp(at).write("\xFF\xFF\xFF\xFF", link);
            ++changed;
        }
    REQUIRE(changed > 0);
}

void check_damaged(Store& store, std::int64_t snapshot, const batch::Selection& selection)
{
    const auto read = store.read(snapshot, selection, WithSource::no, [](const auto&) { return true; });
    REQUIRE_FALSE(read);
    CHECK(is_damage(read.error()));
    const auto facets = store.facets(snapshot, selection);
    REQUIRE_FALSE(facets);
    CHECK(is_damage(facets.error()));
}

} // namespace

TEST_CASE("reading: rows pick what a reader of everything would pick, in every state of a batch")
{
    const Directory directory;
    auto store = open(directory);
    std::vector<std::int64_t> states;
    for (std::size_t round = 0; round < 4; ++round)
        states.push_back(put(*store, {scope(), "b1"}, varied_batch(300, round), at(static_cast<int>(round)), 40)->id);
    for (const auto state : states) {
        const auto whole = read_all(*store, state);
        REQUIRE(whole.size() == 301);
        for (const auto& selection : selections()) {
            CAPTURE(selection.canonical());
            const auto read = read_all(*store, state, selection, WithSource::no);
            CHECK(picked(read, {}) == picked(whole, selection));
            CHECK(std::none_of(read.begin(), read.end(),
                               [&](const auto& record) { return record.spans.empty() && !selection.everything(); }));
            CHECK(store->facets(state, selection)->json() == facets_of(read));
        }
    }
}

TEST_CASE("reading: facets and narrowing read no record in which nothing is wanted")
{
    const Directory directory;
    auto store = open(directory);
    const auto batch = make_batch("b1", {{"approved"}, {"rejected", "rejected"}, {"approved"}});
    const auto id = put(*store, {scope(), "b1"}, batch, at(1))->id;
    const auto counted = store->facets(id, {})->json();
    make_unreadable(directory, "video_id <> 'video-1'");
    batch::Selection narrowed;
    narrowed.narrowing.label = {"label 1"};
    CHECK(read_all(*store, id, narrowed, WithSource::no).size() == 1);
    CHECK(read_all(*store, id, only(batch::Approval::rejected), WithSource::no).size() == 1);
    narrowed.narrowing = {.video_id = {"video-1"}};
    CHECK(read_all(*store, id, narrowed, WithSource::no).size() == 1);
    CHECK(store->facets(id, {})->json() == counted);
    // Where they are needed, damage is no answer.
    for (const auto& q : {"label", "no such text"}) {
        narrowed.narrowing = {.q = {q}};
        check_damaged(*store, id, narrowed);
    }
}

TEST_CASE("reading: a video that is lost is damage, not a video in which nothing is wanted")
{
    const Directory directory;
    auto store = open(directory);
    const auto id = put(*store, {scope(), "b1"}, make_batch("b1", {{"approved"}, {"rejected"}, {}}), at(1))->id;
    change(directory, "DELETE FROM content WHERE video_id = 'video-2'");
    for (auto selection : {batch::Selection{}, only(batch::Approval::approved)})
        for (const auto* const label : {"", "label 0"}) {
            if (*label != '\0')
                selection.narrowing.label = {label};
            check_damaged(*store, id, selection);
        }
}

TEST_CASE("reading: a video whose rows are lost is damage, not a video in which nothing is wanted")
{
    const auto batch = make_batch("b1", {{"approved"}, {}, {"rejected", "approved"}, {}});
    for (const std::string lost : {"'video-0'", "'video-2'", "'video-2' AND position = 0"}) {
        CAPTURE(lost);
        const Directory directory;
        auto store = open(directory);
        const auto id = put(*store, {scope(), "b1"}, batch, at(1))->id;
        change(directory, "DELETE FROM event WHERE (SELECT video_id FROM content WHERE id = content) = " + lost);
        batch::Selection narrowed;
        for (const auto* const label : {"label 0", "no such label"}) {
            narrowed.narrowing.label = {label};
            check_damaged(*store, id, narrowed);
        }
        CHECK_FALSE(store->facets(id, {}));
        CHECK(read_all(*store, id).size() == 4);
    }
}

TEST_CASE("reading: facets of all events, or of an approval, count as many as the batch has")
{
    const Directory directory;
    auto store = open(directory);
    const auto id = put(*store, {scope(), "b1"}, make_batch("b1", {{"approved", "rejected"}, {"rejected"}}), at(1))->id;
    change(directory, "DELETE FROM event WHERE position = 1");
    CHECK(store->facets(id, only(batch::Approval::approved)));
    for (const auto& selection : {batch::Selection{}, only(batch::Approval::rejected)}) {
        const auto facets = store->facets(id, selection);
        REQUIRE_FALSE(facets);
        CHECK(is_damage(facets.error()));
    }
}

TEST_CASE("reading: what an upgrade could not read is damage, not a video in which nothing is wanted")
{
    const Directory directory;
    const auto id = put(*open(directory), {scope(), "b1"}, make_batch("b1", {{"approved"}, {"approved"}}), at(1))->id;
    change(directory, "DELETE FROM event; INSERT INTO backlog SELECT 'content', 1, max(id) FROM content; "
                      "UPDATE content SET record = x'00' WHERE video_id = 'video-1'");
    auto store = open(directory);
    while (store->catch_up().value()) {
    }
    batch::Selection narrowed;
    narrowed.narrowing.category = {"no such category"};
    check_damaged(*store, id, narrowed);
}
