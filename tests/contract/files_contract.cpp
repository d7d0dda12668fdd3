// What every storage engine promises (cache/store.hpp) of its files, whatever has become of them or of who wrote them.

#include "contract/stores.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace nomadic;
using namespace nomadic::cache;
using namespace nomadic::test;
namespace fs = std::filesystem;

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
