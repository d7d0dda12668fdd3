#include "cache/hot_cache.hpp"
#include "results.hpp"

#include <filesystem>

using namespace nomadic::cache;

namespace {

HotEntry entry(std::size_t bytes)
{
    return {std::make_shared<const Body>(std::string(bytes, 'x')), bytes};
}

HotEntry spooled(std::size_t bytes)
{
    const Spool spool{std::filesystem::temp_directory_path().string(), spooled_bytes() + bytes, spooled_files() + 1, 0};
    BodyBuilder builder(spool, 0);
    builder.buffer().assign(bytes, 'x');
    REQUIRE(builder.flush());
    return {*builder.finish(), bytes};
}

} // namespace

TEST_CASE("hot cache: the least recently used goes first, and the bound holds")
{
    HotCache cache({.bytes = 3 * 1300}, {});
    for (const auto* name : {"a", "b", "c"})
        cache.insert(name, entry(1000));
    CHECK(cache.find("a"));
    cache.insert("d", entry(1000));
    CHECK(cache.find("a"));
    CHECK_FALSE(cache.find("b"));
    CHECK(cache.find("c"));
    CHECK(cache.find("d"));
    CHECK(cache.bytes() <= 3 * 1300);
}

TEST_CASE("hot cache: what alone is too large is not kept, and pushes nothing out")
{
    HotCache cache({.bytes = 2000}, {});
    cache.insert("a", entry(100));
    cache.insert("big", entry(5000));
    CHECK_FALSE(cache.find("big"));
    CHECK(cache.find("a"));
    CHECK(cache.size() == 1);
}

TEST_CASE("hot cache: bodies in files are bounded by bytes and number, and push out each other only")
{
    const auto files_before = spooled_files();
    HotCache cache({.bytes = 2000}, {.bytes = 100'000, .entries = 3});
    cache.insert("in memory", entry(100));
    for (const auto* name : {"a", "b", "c", "d"})
        cache.insert(name, spooled(1000));
    CHECK_FALSE(cache.find("a"));
    CHECK(spooled_files() == files_before + 3);
    cache.insert("large", spooled(98'000));
    CHECK_FALSE(cache.find("c"));
    CHECK(cache.find("d"));
    CHECK(cache.find("large"));
    cache.insert("too large", spooled(101'000));
    CHECK_FALSE(cache.find("too large"));
    CHECK(cache.find("in memory"));
}

TEST_CASE("hot cache: with no room for files none is kept")
{
    HotCache cache({.bytes = 2000}, {.bytes = 0, .entries = 0});
    cache.insert("a", spooled(1000));
    CHECK(cache.size() == 0);
}
