// What every storage engine promises of a batch's earlier states (cache/store.hpp): they stay as they were, and cost
// what changed.

#include "cache/open_store.hpp"
#include "contract/batches.hpp"
#include "results.hpp"

#include <cstdlib>
#include <filesystem>
#include <random>

using namespace nomadic;
using namespace nomadic::cache;
using test::make_batch;
using test::TestBatch;

namespace {

namespace fs = std::filesystem;
using Approvals = std::vector<std::vector<std::string>>;

class Fixture {
public:
    Fixture()
    {
        std::string pattern = (fs::temp_directory_path() / "nomadic-history-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
        reopen();
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture()
    {
        store_.reset();
        fs::remove_all(path_);
    }
    void reopen()
    {
        store_.reset();
        auto opened = open_store(path_, TimePoint{});
        if (!opened)
            FAIL(opened.error().detail);
        store_ = std::move(opened->store);
    }
    Store& store() { return *store_; }

    Snapshot put(const TestBatch& batch, int second)
    {
        auto writer = store_->begin(key);
        REQUIRE(writer);
        REQUIRE((*writer)->add(batch.records));
        auto snapshot = (*writer)->commit(batch.status, at(second));
        if (!snapshot)
            FAIL(snapshot.error().detail);
        return *snapshot;
    }
    std::vector<batch::VideoRecord> read(std::int64_t snapshot, const batch::Selection& selection = {})
    {
        std::vector<batch::VideoRecord> records;
        auto done = store_->read(snapshot, selection, WithSource::yes, [&](const batch::VideoRecord& record) {
            records.push_back(record);
            return true;
        });
        if (!done)
            FAIL(done.error().detail);
        return records;
    }
    static TimePoint at(int second) { return TimePoint{std::chrono::seconds{1'700'000'000 + second}}; }

    const Key key{make_scope("https://upstream.example", "user", "me"), "b1"};

private:
    std::string path_;
    std::unique_ptr<Store> store_;
};

// A batch whose reviewers change one event after the other.
class Reviews {
public:
    Reviews(std::size_t videos, std::size_t events) : approvals_(videos, std::vector<std::string>(events, "pending")) {}
    TestBatch next()
    {
        auto& video = approvals_[random_() % approvals_.size()];
        auto& approval = video[random_() % video.size()];
        approval = approval == "approved" ? "rejected" : "approved";
        return make_batch("b1", approvals_);
    }
    TestBatch now() const { return make_batch("b1", approvals_); }

private:
    Approvals approvals_;
    std::mt19937_64 random_{3};
};

} // namespace

TEST_CASE("history: every earlier state reads as it was put, also after the store was opened again")
{
    Fixture fixture;
    Reviews reviews(6, 5);
    std::vector<std::pair<std::int64_t, TestBatch>> states;
    states.emplace_back(fixture.put(reviews.now(), 0).id, reviews.now());
    for (int second = 1; second <= 40; ++second) {
        const auto batch = reviews.next();
        states.emplace_back(fixture.put(batch, second).id, batch);
    }
    fixture.reopen();
    int second = 0;
    for (const auto& [id, batch] : states) {
        CHECK(fixture.read(id) == batch.records);
        CHECK((*fixture.store().status(id))->source == batch.status.source);
        CHECK((*fixture.store().find(fixture.key, {.snapshot = {}, .time = Fixture::at(second++)}))->id == id);
        const std::vector<std::string> ids{"video-3", "nobody"};
        const auto sources = *fixture.store().sources(id, ids);
        CHECK(sources.at(0) == batch.records.at(3).source);
        CHECK_FALSE(sources.at(1).has_value());
    }
    CHECK(fixture.store().check()->empty());
}

TEST_CASE("history: selections and facets of an earlier state are of what it was then")
{
    Fixture fixture;
    const auto first = fixture.put(make_batch("b1", {{"pending", "approved"}, {"pending"}, {"rejected"}}), 0);
    fixture.put(make_batch("b1", {{"approved", "approved"}, {"pending"}, {"rejected"}}), 1);
    const auto last = fixture.put(make_batch("b1", {{"approved", "approved"}, {"approved"}, {"rejected"}}), 2);
    batch::Selection pending;
    pending.approvals = *batch::parse_approvals({"pending"});
    CHECK(fixture.read(first.id, pending).size() == 2);
    CHECK(fixture.read(last.id, pending).empty());
    pending.narrowing.label = {"label 0"};
    CHECK(fixture.read(first.id, pending).size() == 2);
    CHECK(fixture.store().facets(first.id, pending)->events() == 2);
    CHECK(fixture.store().facets(last.id, pending)->events() == 0);
    CHECK(fixture.store().facets(first.id, {})->events() == 4);
}

TEST_CASE("history: states in which the batch holds other videos, or all is different, are kept too")
{
    Fixture fixture;
    const std::vector<TestBatch> batches{
        make_batch("b1", {{"pending"}, {"pending"}}),
        make_batch("b1", {{"approved"}, {"pending"}}),
        make_batch("b1", {{"approved"}, {"pending"}, {"pending"}}),
        make_batch("b1", {{"approved"}, {"pending"}, {"approved", "invalid"}}),
        make_batch("b1", {{"approved"}, {"pending"}, {"pending"}}, " said otherwise, and at length"),
        make_batch("b1", {}),
        make_batch("b1", {{"approved"}}),
    };
    std::vector<std::int64_t> ids;
    for (const auto& batch : batches)
        ids.push_back(fixture.put(batch, static_cast<int>(ids.size())).id);
    for (std::size_t i = 0; i < ids.size(); ++i)
        CHECK(fixture.read(ids[i]) == batches[i].records);
}

TEST_CASE("history: trimming takes the oldest and leaves the others as they were")
{
    Fixture fixture;
    Reviews reviews(4, 4);
    std::vector<std::pair<std::int64_t, TestBatch>> states;
    for (int second = 0; second < 20; ++second) {
        const auto batch = reviews.next();
        states.emplace_back(fixture.put(batch, second).id, batch);
    }
    REQUIRE(fixture.store().trim_history(fixture.key, 8, Fixture::at(0)));
    REQUIRE(fixture.store().history(fixture.key)->size() == 8);
    for (std::size_t i = 0; i < states.size(); ++i) {
        const auto found = *fixture.store().find(fixture.key, {.snapshot = states[i].first, .time = {}});
        CHECK(found.has_value() == (i >= 12));
        if (found)
            CHECK(fixture.read(found->id) == states[i].second.records);
    }
    REQUIRE(fixture.store().trim_history(fixture.key, 8, Fixture::at(18)));
    CHECK(fixture.store().history(fixture.key)->size() == 2);
    CHECK(fixture.read(states.back().first) == states.back().second.records);
}

TEST_CASE("history: costs what changed")
{
    Fixture fixture;
    Reviews reviews(100, 10);
    fixture.put(reviews.now(), 0);
    fixture.reopen(); // without a write-ahead log
    const auto one = *fixture.store().disk_bytes();
    constexpr int states = 200;
    for (int second = 1; second <= states; ++second)
        fixture.put(reviews.next(), second);
    CHECK(fixture.store().history(fixture.key)->size() == states + 1);
    fixture.reopen();
    constexpr std::uint64_t less_than_a_page = 1500;
    CHECK(*fixture.store().disk_bytes() < one + states * less_than_a_page);
}
