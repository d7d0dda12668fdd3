// What every storage engine promises (cache/store.hpp).

#include "cache/open_store.hpp"
#include "contract/batches.hpp"
#include "contract/directory.hpp"
#include "results.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace nomadic;
using namespace nomadic::cache;
using test::Directory;
using test::make_batch;
using test::TestBatch;

namespace {

namespace fs = std::filesystem;

const TimePoint start_of_time{std::chrono::seconds{1'700'000'000}};
TimePoint at(int seconds)
{
    return start_of_time + std::chrono::seconds{seconds};
}

Scope scope(std::string_view principal = "me")
{
    return make_scope("https://upstream.example", "user", principal);
}

std::unique_ptr<Store> open(const Directory& directory)
{
    auto opened = open_store(directory.path, at(0));
    if (!opened)
        FAIL(opened.error().detail);
    return std::move(opened->store);
}

Result<Snapshot> put(Store& store, const Key& key, const TestBatch& batch, TimePoint now, std::size_t chunk = 2)
{
    auto writer = store.begin(key);
    if (!writer)
        return writer.error();
    const std::span<const batch::VideoRecord> records(batch.records);
    for (std::size_t i = 0; i < records.size(); i += chunk) {
        const auto some = records.subspan(i, std::min(chunk, records.size() - i));
        auto added = (*writer)->add(std::vector(some.begin(), some.end()));
        if (!added)
            return added.error();
    }
    return (*writer)->commit(batch.status, now);
}

std::vector<batch::VideoRecord> read_all(Store& store, std::int64_t snapshot, const batch::Selection& selection = {},
                                         WithSource with_source = WithSource::yes)
{
    std::vector<batch::VideoRecord> records;
    auto done = store.read(snapshot, selection, with_source, [&](const auto& record) {
        records.push_back(record);
        return true;
    });
    if (!done)
        FAIL(done.error().detail);
    return records;
}

std::vector<Key> evict_all(Store& store, std::uint64_t quota)
{
    std::vector<Key> gone;
    for (bool more = true; more;) {
        auto step = store.evict(quota);
        if (!step)
            FAIL(step.error().detail);
        more = step->more;
        if (step->gone)
            gone.push_back(*step->gone);
    }
    return gone;
}

batch::Selection only(batch::Approval approval)
{
    batch::Selection selection;
    selection.approvals.emplace();
    selection.approvals->set(static_cast<std::size_t>(approval));
    return selection;
}

} // namespace

TEST_CASE("store: a committed snapshot reads back equal, also after reopening")
{
    const Directory directory;
    const auto batch = make_batch("b1", {{"approved", "pending"}, {}, {"rejected"}});
    const Key key{scope(), "b1"};
    {
        auto store = open(directory);
        CHECK_FALSE(store->find(key)->has_value());
        auto stored = put(*store, key, batch, at(1));
        REQUIRE(stored);
        CHECK(stored->videos == 3);
        CHECK(stored->event_count() == 3);
    }
    auto store = open(directory);
    const auto found = store->find(key);
    REQUIRE((found && *found));
    const auto& snapshot = **found;
    CHECK(snapshot.key == key);
    CHECK(snapshot.fetched_at == at(1));
    CHECK(snapshot.events == std::array<std::uint64_t, batch::approval_count>{1, 1, 1, 0, 0});
    CHECK(read_all(*store, snapshot.id) == batch.records);
    const auto status = store->status(snapshot.id);
    REQUIRE((status && *status));
    CHECK((*status)->source == batch.status.source);
    CHECK(store->check()->empty());
}

TEST_CASE("store: a scope does not see another's batch")
{
    const Directory directory;
    auto store = open(directory);
    REQUIRE(put(*store, {scope("one"), "b1"}, make_batch("b1", {{"approved"}}), at(1)));
    CHECK_FALSE(store->find({scope("two"), "b1"})->has_value());
    const std::array other{scope("two")};
    CHECK(store->list(other, "", 10)->empty());
    CHECK(store->list({}, "", 10)->size() == 1);
}

TEST_CASE("store: nothing is visible before commit, and a dropped writer leaves nothing")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto batch = make_batch("b1", {{"approved"}, {"approved"}});
    {
        auto writer = store->begin(key);
        REQUIRE((*writer)->add(batch.records));
        CHECK_FALSE(store->find(key)->has_value());
        CHECK(store->list({}, "", 10)->empty());
    }
    CHECK_FALSE(store->find(key)->has_value());
    REQUIRE(put(*store, key, batch, at(1)));
    CHECK(read_all(*store, (*store->find(key))->id) == batch.records);
}

TEST_CASE("store: a commit without every video fails and changes nothing")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto batch = make_batch("b1", {{"approved"}, {"approved"}});
    auto writer = store->begin(key);
    REQUIRE((*writer)->add(std::vector{batch.records.front()}));
    const auto committed = (*writer)->commit(batch.status, at(1));
    REQUIRE_FALSE(committed);
    CHECK(committed.error().code == Errc::store_failed);
    CHECK(committed.error().detail.find("video-1") != std::string::npos);
    CHECK_FALSE(store->find(key)->has_value());
}

TEST_CASE("store: an equal fetch touches the newest snapshot, a changed one makes a new one that shares the rest")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto first = put(*store, key, make_batch("b1", {{"pending"}, {"pending"}, {"pending"}}), at(1));
    const auto again = put(*store, key, make_batch("b1", {{"pending"}, {"pending"}, {"pending"}}), at(2));
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(again->fetched_at == at(1));
    CHECK(again->validated_at == at(2));

    const auto batch = make_batch("b1", {{"pending"}, {"approved"}, {"pending"}});
    const auto changed = put(*store, key, batch, at(3));
    REQUIRE(changed);
    CHECK(changed->id > first->id);
    CHECK(changed->digest != first->digest);
    const auto history = store->history(key);
    REQUIRE(history->size() == 2);
    CHECK(history->at(0).changed == 1);
    CHECK(history->at(0).id == changed->id);
    CHECK(read_all(*store, changed->id) == batch.records);
    CHECK((*store->find(key, {.snapshot = first->id, .time = {}}))->id == first->id);
    CHECK((*store->find(key, {.snapshot = {}, .time = at(2)}))->id == first->id);
    CHECK((*store->find(key, {.snapshot = {}, .time = at(3)}))->id == changed->id);
    CHECK_FALSE(store->find(key, {.snapshot = {}, .time = at(0)})->has_value());
}

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

TEST_CASE("store: a batch, a video or an analysis names the batches that hold it, whosever they are")
{
    const Directory directory;
    auto store = open(directory);
    for (const auto* id : {"b1", "b2"})
        REQUIRE(put(*store, {scope(), id}, make_batch(id, {{"approved"}, {}}), at(1)));
    REQUIRE(put(*store, {scope(), "b3"}, make_batch("b3", {{"approved"}}), at(1)));
    REQUIRE(put(*store, {scope("other"), "b1"}, make_batch("b1", {{"approved"}, {}}), at(1)));
    const auto named = [&](std::vector<std::string> names) {
        auto keys = *store->named_by(names);
        std::sort(keys.begin(), keys.end());
        return keys;
    };
    const auto keys = [](std::vector<Key> all) {
        std::sort(all.begin(), all.end());
        return all;
    };
    const auto holders = keys({{scope(), "b1"}, {scope(), "b2"}, {scope("other"), "b1"}});
    CHECK(named({"video-1"}) == holders);
    CHECK(named({"a1"}) == holders);
    CHECK(named({"b3"}) == keys({{scope(), "b3"}}));
    CHECK(named({"b1", "video-0", "b1"}).size() == 4);
    CHECK(named({"nobody", "", "%"}).empty());
    CHECK(named({}).empty());
}

TEST_CASE("store: upstream's word that a state stands touches the newest one, unless a write went through")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto first = put(*store, key, make_batch("b1", {{"pending"}}), at(1));
    const auto confirmed = *store->confirm(key, first->id, at(5));
    REQUIRE(confirmed);
    CHECK(confirmed->validated_at == at(5));
    CHECK(confirmed->fetched_at == at(1));
    CHECK((*store->confirm(key, first->id, at(3)))->validated_at == at(5));
    CHECK_FALSE(store->confirm(key, first->id + 1, at(6))->has_value());
    REQUIRE(store->invalidate(key));
    CHECK_FALSE(store->confirm(key, first->id, at(7))->has_value());
    CHECK_FALSE(store->confirm({scope("other"), "b1"}, first->id, at(7))->has_value());
}

TEST_CASE("store: a purged batch is gone, and a snapshot still coming in for it can't be published")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto batch = make_batch("b1", {{"approved"}, {"rejected"}});
    const auto stored = put(*store, key, batch, at(1));
    auto writer = store->begin(key);
    REQUIRE((*writer)->add(batch.records));
    CHECK(*store->purge(key));
    CHECK_FALSE(*store->purge(key));
    CHECK_FALSE(store->find(key)->has_value());
    CHECK_FALSE(store->read(stored->id, {}, WithSource::no, [](const auto&) { return true; }));
    CHECK_FALSE((*writer)->commit(batch.status, at(2)));
    CHECK_FALSE(store->find(key)->has_value());
    CHECK(put(*store, key, batch, at(3)));
    CHECK(store->check()->empty());
}

TEST_CASE("store: staleness survives reopening and ends with a commit")
{
    const Directory directory;
    const Key key{scope(), "b1"};
    const auto batch = make_batch("b1", {{"approved"}});
    {
        auto store = open(directory);
        REQUIRE(put(*store, key, batch, at(1)));
        REQUIRE(store->invalidate(key));
        REQUIRE(store->pin(key, true));
    }
    auto store = open(directory);
    CHECK((*store->find(key))->stale);
    CHECK((*store->find(key))->pinned);
    REQUIRE(put(*store, key, batch, at(2)));
    CHECK_FALSE((*store->find(key))->stale);
}

TEST_CASE("store: batches are listed by id, page by page")
{
    const Directory directory;
    auto store = open(directory);
    for (const auto* id : {"c", "a", "b"})
        REQUIRE(put(*store, {scope(), id}, make_batch(id, {{"approved"}}), at(1)));
    REQUIRE(put(*store, {scope(), "b"}, make_batch("b", {{"rejected"}}), at(2)));
    const auto first = store->list({}, "", 2);
    REQUIRE(first->size() == 2);
    CHECK(first->at(0).key.batch_id == "a");
    CHECK(first->at(1).events[1] == 1);
    const auto second = store->list({}, "b", 2);
    REQUIRE(second->size() == 1);
    CHECK(second->at(0).key.batch_id == "c");
}

TEST_CASE("store: history is trimmed to its bounds, and what only it held goes with it")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    for (int i = 1; i <= 5; ++i)
        REQUIRE(put(*store, key, make_batch("b1", {{"approved"}, {"pending"}}, std::to_string(i)), at(i)));
    REQUIRE(store->trim_history(key, 3, at(0)));
    CHECK(store->history(key)->size() == 3);
    REQUIRE(store->trim_history(key, 3, at(5)));
    REQUIRE(store->history(key)->size() == 1);
    REQUIRE(store->trim_history(key, 1, at(100)));
    const auto newest = store->find(key);
    REQUIRE((newest && *newest));
    CHECK(read_all(*store, (*newest)->id) == make_batch("b1", {{"approved"}, {"pending"}}, "5").records);
    CHECK(store->check()->empty());
}

TEST_CASE("store: over its quota, the least recently used batches go, but never a pinned one or the last one used")
{
    const Directory directory;
    auto store = open(directory);
    std::string salt(20'000, 'x');
    for (auto& c : salt)
        c = static_cast<char>('a' + std::rand() % 26);
    const auto key = [](int i) { return Key{scope(), "b" + std::to_string(i)}; };
    for (int i = 0; i < 6; ++i)
        REQUIRE(put(*store, key(i), make_batch("b" + std::to_string(i), {{"approved"}, {"pending"}}, salt), at(i)));
    REQUIRE(store->pin(key(0), true));
    const std::vector<std::pair<Key, TimePoint>> reads{{key(1), at(100)}};
    REQUIRE(store->used(reads));
    const auto before = store->disk_bytes();
    const auto evicted = evict_all(*store, *before / 4);
    REQUIRE_FALSE(evicted.empty());
    CHECK(evicted.front() == key(2));
    CHECK(store->find(key(0))->has_value());
    CHECK(store->find(key(1))->has_value());
    CHECK(*store->disk_bytes() < *before);
    evict_all(*store, 1);
    CHECK(store->list({}, "", 10)->size() == 2);
    CHECK(store->check()->empty());
}

TEST_CASE("store: principals are remembered by the keyed hash, and forgotten")
{
    const Directory directory;
    auto store = open(directory);
    const auto hash = batch::digest_of({"key"});
    REQUIRE(store->remember(hash, {.scope = scope(), .kind = "client", .verified_at = at(5), .label = "user-1"}));
    const auto recalled = store->recall(hash);
    REQUIRE((recalled && *recalled));
    CHECK((*recalled)->scope == scope());
    CHECK((*recalled)->verified_at == at(5));
    CHECK(store->principals()->size() == 1);
    REQUIRE(store->forget(hash));
    CHECK_FALSE(store->recall(hash)->has_value());
    CHECK(store->install_secret()->size() == 32);
}

TEST_CASE("store: directory and files are their owner's alone, and one process has them")
{
    const Directory directory;
    auto store = open(directory);
    REQUIRE(put(*store, {scope(), "b1"}, make_batch("b1", {{"approved"}}), at(1)));
    CHECK(fs::status(directory.path).permissions() == fs::perms::owner_all);
    for (const auto& entry : fs::directory_iterator(directory.path))
        CHECK_MESSAGE((entry.status().permissions() & fs::perms(077)) == fs::perms::none, entry.path().string());
    const auto second = open_store(directory.path, at(0));
    REQUIRE_FALSE(second);
    CHECK(second.error().detail.find("in use") != std::string::npos);
}

TEST_CASE("store: a corrupt database is set aside and a fresh one begun")
{
    const Directory directory;
    const Key key{scope(), "b1"};
    {
        auto store = open(directory);
        REQUIRE(put(*store, key, make_batch("b1", {{"approved"}}), at(1)));
    }
    SUBCASE("not a database at all")
    {
        std::ofstream(directory.path + "/cache.db") << std::string(8192, 'x');
    }
    SUBCASE("cut in the middle")
    {
        fs::resize_file(directory.path + "/cache.db", 8192 + 100);
    }
    SUBCASE("overwritten in the middle")
    {
        std::fstream file(directory.path + "/cache.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        file << std::string(20'000, '\x5a');
    }
    auto opened = open_store(directory.path, at(0));
    REQUIRE(opened);
    REQUIRE(opened->notices.size() == 1);
    CHECK(opened->notices[0].find("corrupt-20231114T221320Z") != std::string::npos);
    CHECK_FALSE(opened->store->find(key)->has_value());
    CHECK(put(*opened->store, key, make_batch("b1", {{"approved"}}), at(1)));
    CHECK(fs::exists(directory.path + "/cache.db.corrupt-20231114T221320Z"));
}

TEST_CASE("store: begun anew, it has nothing, and no id that somebody still holds means anything in it")
{
    const Directory directory;
    auto store = open(directory);
    const auto batch = make_batch("b1", {{"approved"}});
    const auto old = put(*store, {scope(), "b1"}, batch, at(1));
    REQUIRE(old);
    auto writer = store->begin({scope(), "b2"});
    REQUIRE((*writer)->add(make_batch("b2", {{"rejected"}}).records));
    for (int again = 0; again < 2; ++again) {
        const auto aside = store->begin_anew(at(2));
        REQUIRE(aside);
        CHECK(fs::exists(*aside));
        CHECK_FALSE(store->find({scope(), "b1"})->has_value());
        const auto other = put(*store, {scope(), "b3"}, make_batch("b3", {{"pending"}}), at(3));
        REQUIRE(other);
        CHECK(other->id > old->id);
        CHECK_FALSE(store->read(old->id, {}, WithSource::no, [](const auto&) { return true; }));
    }
    CHECK_FALSE((*writer)->commit(make_batch("b2", {{"rejected"}}).status, at(4)));
    writer->reset();
    CHECK(store->check()->empty());
    CHECK(store->list({}, "", 10)->size() == 1);
}

TEST_CASE("store: a database of a newer program is left untouched")
{
    const Directory directory;
    open(directory).reset();
    const auto path = directory.path + "/cache.db";
    {
        // user_version is the big-endian number at offset 60 (SQLite file format, 1.3).
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(60);
        file << std::string("\0\0\0\x63", 4);
    }
    std::ifstream before(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(before)), {});
    const auto opened = open_store(directory.path, at(0));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::store_newer);
    std::ifstream after(path, std::ios::binary);
    CHECK(bytes == std::string((std::istreambuf_iterator<char>(after)), {}));
}

TEST_CASE("store: kill -9 while ingesting loses nothing that was committed, and shows nothing that was not")
{
    const Directory directory;
    const Key kept{scope(), "kept"};
    const auto batch = make_batch("kept", {{"approved"}, {"pending", "rejected"}, {}});
    {
        auto store = open(directory);
        REQUIRE(put(*store, kept, batch, at(1)));
    }
    std::mt19937 random(20'260'101);
    for (int round = 0; round < 12; ++round) {
        // The child says over the pipe when it is about to write; how far it then comes is left to chance.
        int ready[2];
        REQUIRE(::pipe(ready) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            auto opened = open_store(directory.path, at(0));
            if (!opened || ::write(ready[1], "x", 1) != 1)
                ::_exit(1);
            for (int i = 0;; ++i) {
                const auto id = "b" + std::to_string(i % 3);
                const auto changing = make_batch(id, std::vector<std::vector<std::string>>(40, {"approved", "pending"}),
                                                 std::to_string(i));
                if (!put(*opened->store, {scope(), id}, changing, at(i)))
                    ::_exit(1);
            }
        }
        char byte = 0;
        REQUIRE(::read(ready[0], &byte, 1) == 1);
        ::close(ready[0]);
        ::close(ready[1]);
        ::usleep(std::uniform_int_distribution<useconds_t>(0, 30'000)(random));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);

        auto opened = open_store(directory.path, at(0));
        REQUIRE(opened);
        CHECK(opened->notices.empty());
        CHECK(opened->store->check()->empty());
        CHECK(read_all(*opened->store, (*opened->store->find(kept))->id) == batch.records);
        const auto listed = opened->store->list({}, "", 10);
        for (const auto& snapshot : *listed)
            if (snapshot.key != kept)
                CHECK(read_all(*opened->store, snapshot.id).size() == 40);
    }
}
