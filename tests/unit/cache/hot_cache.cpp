#include "cache/hot_cache.hpp"
#include "results.hpp"

#include <filesystem>

using namespace nomadic::cache;

namespace {

HotEntry entry(std::size_t bytes)
{
    return {std::make_shared<const Body>(std::string(bytes, 'x')), bytes};
}

} // namespace

TEST_CASE("hot cache: the least recently used goes first, and the bound holds")
{
    HotCache cache(3 * 1300);
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
    HotCache cache(2000);
    cache.insert("a", entry(100));
    cache.insert("big", entry(5000));
    CHECK_FALSE(cache.find("big"));
    CHECK(cache.find("a"));
    CHECK(cache.size() == 1);
}

TEST_CASE("body: small ones stay in memory, large ones go to an unlinked file")
{
    const auto directory = std::filesystem::temp_directory_path().string();
    BodyBuilder small(directory, 100);
    small.buffer() += "hello";
    REQUIRE(small.flush());
    CHECK((*small.finish())->bytes() == "hello");

    BodyBuilder large(directory, 100);
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        const auto text = std::to_string(i) + ",";
        large.buffer() += text;
        expected += text;
        REQUIRE(large.flush());
    }
    const auto body = *large.finish();
    CHECK_FALSE(body->in_memory());
    CHECK(body->size() == expected.size());
    std::string read(expected.size() - 10, '\0');
    CHECK(*body->read_at(10, read.data(), read.size() + 0) == read.size());
    CHECK(read == expected.substr(10));
}

TEST_CASE("body: where no file can be written, the bytes stay in memory")
{
    BodyBuilder builder("/nonexistent", 1);
    builder.buffer() = "more than one byte";
    REQUIRE(builder.flush());
    builder.buffer() += ", and more";
    REQUIRE(builder.flush());
    CHECK((*builder.finish())->bytes() == "more than one byte, and more");
}
