// What every storage engine promises (cache/store.hpp) of what is put into it: whole or nothing, and how it goes again.

#include "contract/stores.hpp"

using namespace nomadic;
using namespace nomadic::cache;
using namespace nomadic::test;

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

TEST_CASE("store: a snapshot still coming in for a batch that is purged can't be published for one that comes after it")
{
    const Directory directory;
    auto store = open(directory);
    const Key key{scope(), "b1"};
    const auto batch = make_batch("b1", {{"approved"}, {"rejected"}});
    auto before = store->begin(key);
    REQUIRE((*before)->add(batch.records));
    REQUIRE(*store->purge(key));
    evict_all(*store, std::uint64_t{1} << 40); // what was purged is removed in steps
    auto after = store->begin(key);
    REQUIRE((*after)->add(batch.records));
    CHECK_FALSE((*before)->commit(batch.status, at(2)));
    CHECK_FALSE(store->find(key)->has_value());
    CHECK((*after)->commit(batch.status, at(3)));
    CHECK(read_all(*store, (*store->find(key))->id).size() == 2);
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
