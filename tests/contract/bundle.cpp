// What a bundle promises (cache/bundle.hpp), whatever stores it comes from and goes to.

#include "cache/bundle.hpp"
#include "contract/batches.hpp"
#include "contract/directory.hpp"
#include "results.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace nomadic;
using namespace nomadic::cache;
using test::Directory;
using test::make_batch;
using test::TestBatch;

namespace {

namespace fs = std::filesystem;

TimePoint at(int seconds)
{
    return TimePoint{std::chrono::seconds{1'700'000'000 + seconds}};
}

Key key(const std::string& batch_id, std::string_view principal = "me")
{
    return {make_scope("https://upstream.example", "user", principal), batch_id};
}

std::unique_ptr<Store> open(const std::string& directory)
{
    auto opened = open_store(directory, at(0));
    if (!opened)
        FAIL(opened.error().detail);
    return std::move(opened->store);
}

Snapshot put(Store& store, const Key& key, const TestBatch& batch, TimePoint now)
{
    auto writer = store.begin(key);
    REQUIRE(writer);
    REQUIRE((*writer)->add(batch.records));
    auto stored = (*writer)->commit(batch.status, now);
    REQUIRE(stored);
    return *stored;
}

std::vector<batch::VideoRecord> records(Store& store, const Key& key)
{
    std::vector<batch::VideoRecord> all;
    const auto found = store.find(key);
    REQUIRE((found && *found));
    REQUIRE(store.read((*found)->id, {}, WithSource::yes, [&](const auto& record) {
        all.push_back(record);
        return true;
    }));
    return all;
}

Result<void> write_all(Store& store, const std::string& path, States states = States::newest)
{
    auto scopes = store.scopes();
    REQUIRE(scopes);
    auto keys = find_batches(store, *scopes, {});
    REQUIRE(keys);
    return write_bundle(store, *keys, states, path);
}

std::string bytes_of(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("bundle: what is exported reads back equal, from the file itself and after an import")
{
    const Directory directory;
    const auto first = make_batch("b1", {{"pending"}, {"approved", "rejected"}, {}});
    const auto second = make_batch("b1", {{"approved"}, {"approved", "rejected"}, {}});
    auto store = open(directory / "one");
    put(*store, key("b1"), first, at(1));
    const auto newest = put(*store, key("b1"), second, at(5));
    REQUIRE(store->set_validated(newest.id, at(9)));
    put(*store, key("b2"), make_batch("b2", {{"invalid"}}), at(2));
    const Picture picture{batch::digest_of({"https://pictures/1"}), "image/png", "PNG"};
    REQUIRE(store->put_picture(key("b1"), picture));
    REQUIRE(write_all(*store, directory / "bundle", States::all));
    CHECK(fs::status(directory / "bundle").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK_FALSE(fs::exists(directory / "bundle.part"));

    const auto check = [&](Store& carried, const Key& b1) {
        const auto found = carried.find(b1);
        REQUIRE((found && *found));
        CHECK((*found)->digest == newest.digest);
        CHECK((*found)->fetched_at == at(5));
        CHECK((*found)->validated_at == at(9));
        CHECK(records(carried, b1) == second.records);
        const auto history = carried.history(b1);
        REQUIRE(history->size() == 2);
        CHECK(history->at(1).fetched_at == at(1));
        CHECK(history->at(0).changed == 1);
        const auto carried_picture = carried.picture(b1, picture.id);
        REQUIRE((carried_picture && *carried_picture));
        CHECK((*carried_picture)->bytes == "PNG");
        CHECK(carried.check()->empty());
    };
    REQUIRE(check_bundle(directory / "bundle"));
    fs::permissions(directory / "bundle", fs::perms::owner_read);
    auto bundle = open_bundle(directory / "bundle");
    REQUIRE(bundle);
    check(**bundle, {bundle_scope(), "b1"});
    CHECK_FALSE((*bundle)->invalidate({bundle_scope(), "b1"}));

    auto other = open(directory / "other");
    const auto adopted = import_bundle(directory / "bundle", *other, key("").scope, at(20));
    REQUIRE(adopted);
    REQUIRE(adopted->size() == 2);
    CHECK(adopted->at(0).outcome == Adopted::Outcome::added);
    check(*other, key("b1"));
    CHECK(bytes_of(directory / "bundle") == bytes_of(directory / "bundle"));
}

TEST_CASE("bundle: some batches may be chosen, and one that is not there is named")
{
    const Directory directory;
    auto store = open(directory / "store");
    for (const auto* id : {"b1", "b2", "b3"})
        put(*store, key(id), make_batch(id, {{"approved"}}), at(1));
    const std::array scopes{key("").scope};
    const std::vector<std::string> some{"b3", "b1"};
    const auto keys = find_batches(*store, scopes, some);
    REQUIRE(keys);
    CHECK(*keys == std::vector{key("b1"), key("b3")});
    const std::vector<std::string> unknown{"b1", "b9"};
    const auto missing = find_batches(*store, scopes, unknown);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    CHECK(missing.error().detail.find("b9") != std::string::npos);
}

TEST_CASE("bundle: of a batch that both have, the newer state wins, whichever side has it")
{
    const Directory directory;
    const auto older = make_batch("b1", {{"pending"}});
    const auto newer = make_batch("b1", {{"approved"}});
    auto store = open(directory / "store");
    put(*store, key("b1"), older, at(10));
    auto elsewhere = open(directory / "elsewhere");

    SUBCASE("the bundle")
    {
        put(*elsewhere, key("b1", "somebody"), newer, at(20));
        REQUIRE(write_all(*elsewhere, directory / "bundle"));
        const auto adopted = import_bundle(directory / "bundle", *store, key("").scope, at(30));
        REQUIRE(adopted);
        CHECK(adopted->at(0).outcome == Adopted::Outcome::updated);
        CHECK(records(*store, key("b1")) == newer.records);
        CHECK(store->history(key("b1"))->size() == 2);
    }
    SUBCASE("the store")
    {
        put(*elsewhere, key("b1", "somebody"), newer, at(5));
        REQUIRE(write_all(*elsewhere, directory / "bundle"));
        const auto adopted = import_bundle(directory / "bundle", *store, key("").scope, at(30));
        REQUIRE(adopted);
        CHECK(adopted->at(0).outcome == Adopted::Outcome::kept);
        CHECK(records(*store, key("b1")) == older.records);
        CHECK(store->history(key("b1"))->size() == 1);
    }
    CHECK(store->check()->empty());
}

TEST_CASE("bundle: earlier states that are kept as what changed are carried, merged and checked like the others")
{
    const Directory directory;
    const auto state = [](int reviewed) {
        std::vector<std::vector<std::string>> approvals(6, std::vector<std::string>(8, "pending"));
        for (int i = 0; i < reviewed; ++i)
            approvals[static_cast<std::size_t>(i % 6)][static_cast<std::size_t>(i / 6)] = "approved";
        return make_batch("b1", approvals);
    };
    auto elsewhere = open(directory / "elsewhere");
    for (int reviewed = 0; reviewed < 6; ++reviewed)
        put(*elsewhere, key("b1", "somebody"), state(reviewed), at(10 * reviewed));
    CHECK(elsewhere->check()->empty());
    REQUIRE(write_all(*elsewhere, directory / "bundle", States::all));

    auto store = open(directory / "store");
    put(*store, key("b1"), state(20), at(5));
    put(*store, key("b1"), state(21), at(15));
    const auto adopted = import_bundle(directory / "bundle", *store, key("").scope, at(100));
    REQUIRE(adopted);
    CHECK(adopted->at(0).outcome == Adopted::Outcome::updated);
    // Its own two states, and those of the bundle that came after them.
    const std::vector expected{5, 4, 3, 2, 21, 20};
    const auto history = store->history(key("b1"));
    REQUIRE(history->size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        std::vector<batch::VideoRecord> read;
        REQUIRE(store->read(history->at(i).id, {}, WithSource::yes, [&](const auto& record) {
            read.push_back(record);
            return true;
        }));
        CHECK(read == state(expected[i]).records);
    }
    CHECK(store->check()->empty());
    auto bundle = open_bundle(directory / "bundle");
    REQUIRE(bundle);
    CHECK((*bundle)->check()->empty());
    CHECK((*bundle)->history({bundle_scope(), "b1"})->size() == 6);
}

TEST_CASE("bundle: an older state that was confirmed later wins")
{
    const Directory directory;
    const auto settled = make_batch("b1", {{"approved"}});
    auto elsewhere = open(directory / "elsewhere");
    const auto early = put(*elsewhere, key("b1", "somebody"), settled, at(1));
    REQUIRE(elsewhere->set_validated(early.id, at(50)));
    REQUIRE(write_all(*elsewhere, directory / "bundle"));
    auto store = open(directory / "store");
    put(*store, key("b1"), make_batch("b1", {{"pending"}}), at(20));
    const auto adopted = import_bundle(directory / "bundle", *store, key("").scope, at(100));
    REQUIRE(adopted);
    CHECK(adopted->at(0).outcome == Adopted::Outcome::updated);
    CHECK(records(*store, key("b1")) == settled.records);
    CHECK(store->check()->empty());
}

TEST_CASE("bundle: a damaged one is refused, and nothing changes")
{
    const Directory directory;
    {
        auto store = open(directory / "store");
        put(*store, key("b1"), make_batch("b1", {{"approved"}, {"pending"}}), at(1));
        REQUIRE(write_all(*store, directory / "bundle"));
    }
    const auto whole = bytes_of(directory / "bundle");
    auto store = open(directory / "fresh");
    const auto refused = [&](const std::string& bytes) {
        std::ofstream(directory / "bad", std::ios::binary | std::ios::trunc) << bytes;
        const auto adopted = import_bundle(directory / "bad", *store, key("").scope, at(2));
        REQUIRE_FALSE(adopted);
        CHECK(adopted.error().code == Errc::unprocessable);
        CHECK(store->list({}, "", 10)->empty());
    };
    for (std::size_t place = 0; place < whole.size(); place += 97) {
        auto bytes = whole;
        bytes[place] = static_cast<char>(bytes[place] ^ 0x41);
        refused(bytes);
    }
    refused(whole.substr(0, whole.size() / 2));
    refused(whole.substr(0, whole.size() - 1));
    refused("");
    refused(std::string(8192, 'x'));
    refused(bytes_of(directory / "store/cache.db"));
    CHECK(import_bundle(directory / "bundle", *store, key("").scope, at(2)));
    CHECK_FALSE(import_bundle(directory / "nothing", *store, key("").scope, at(2)));
}

TEST_CASE("bundle: one of a newer program is refused in a sentence")
{
    const Directory directory;
    auto store = open(directory / "store");
    REQUIRE(write_all(*store, directory / "bundle"));
    {
        // user_version is the big-endian number at offset 60 (SQLite file format, 1.3).
        std::fstream file(directory / "bundle", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(60);
        file << std::string("\0\0\0\x63", 4);
    }
    const auto opened = open_bundle(directory / "bundle");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().detail.find("newer nomadic-cached (format 99") != std::string::npos);
}

TEST_CASE("bundle: an export that fails leaves the earlier file as it was")
{
    const Directory directory;
    auto store = open(directory / "store");
    put(*store, key("b1"), make_batch("b1", {{"approved"}}), at(1));
    REQUIRE(write_all(*store, directory / "bundle"));
    const auto before = bytes_of(directory / "bundle");
    const std::vector missing{key("b1"), key("b9")};
    REQUIRE_FALSE(write_bundle(*store, missing, States::newest, directory / "bundle"));
    CHECK(bytes_of(directory / "bundle") == before);
    CHECK_FALSE(fs::exists(directory / "bundle.part"));
}

TEST_CASE("store: a record that has been overwritten is found, by its row")
{
    const Directory directory;
    const auto path = directory / "store";
    {
        auto store = open(path);
        put(*store, key("b1"), make_batch("b1", {{"approved"}, {"pending"}}, std::string(300, 'q')), at(1));
        CHECK(store->check()->empty());
    }
    const auto size = fs::file_size(path + "/cache.db");
    const auto frame = bytes_of(path + "/cache.db").rfind("\x28\xb5\x2f\xfd"); // of zstd (RFC 8878, 3.1.1)
    REQUIRE(frame < size);
    {
        std::fstream file(path + "/cache.db", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(frame + 12));
        file << "\x5a\x5a\x5a\x5a";
    }
    auto store = open_store_read_only(path);
    REQUIRE(store);
    const auto findings = (*store)->check();
    REQUIRE(findings);
    REQUIRE_FALSE(findings->empty());
    CHECK(findings->front().key == key("b1"));
    CHECK_FALSE(open_store_read_only(directory / "nowhere"));
}
