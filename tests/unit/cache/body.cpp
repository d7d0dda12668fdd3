#include "cache/body.hpp"
#include "results.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

using namespace nomadic::cache;
using nomadic::Errc;

namespace {

constexpr std::uint64_t most_bytes = 10'000;

const Spool& spool()
{
    static const Spool in_temporary{std::filesystem::temp_directory_path().string(), most_bytes, 2, 0};
    return in_temporary;
}

std::shared_ptr<const Body> spooled(std::size_t size)
{
    BodyBuilder builder(spool(), 100);
    builder.buffer().assign(size, 'x');
    REQUIRE(builder.flush());
    return *builder.finish();
}

} // namespace

TEST_CASE("body: small ones stay in memory, large ones go to an unlinked file")
{
    BodyBuilder small(spool(), 100);
    small.buffer() += "hello";
    REQUIRE(small.flush());
    CHECK((*small.finish())->bytes() == "hello");

    BodyBuilder large(spool(), 100);
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
    const Spool nowhere{"/nonexistent", 1000, 1, 1000};
    BodyBuilder builder(nowhere, 1);
    builder.buffer() = "more than one byte";
    REQUIRE(builder.flush());
    builder.buffer() += ", and more";
    REQUIRE(builder.flush());
    CHECK((*builder.finish())->bytes() == "more than one byte, and more");
}

TEST_CASE("body: without files, those of all together stay within their memory until the last reader has gone")
{
    const auto before = Body::in_memory_now();
    const Spool nowhere{"/nonexistent", 1000, 1, before + 1000};
    {
        BodyBuilder first(nowhere, 1);
        first.buffer().assign(600, 'x');
        REQUIRE(first.flush());
        BodyBuilder second(nowhere, 1);
        second.buffer().assign(400, 'x');
        REQUIRE(second.flush());
        second.buffer() += 'x';
        const auto flushed = second.flush();
        REQUIRE_FALSE(flushed);
        CHECK(flushed.error().code == Errc::no_room);
        CHECK(flushed.error().retry_after.has_value());
        CHECK(flushed.error().detail.find("temporary file") != std::string::npos);
        CHECK(flushed.error().advice.find("cache.hot_bytes") != std::string::npos);
        CHECK(Body::in_memory_now() == before + 1000);
        const auto body = *first.finish();
        CHECK(body->size() == 600);
    }
    CHECK(Body::in_memory_now() == before);
}

TEST_CASE("body: what a full disk gives back is counted before it is read into memory")
{
    const Spool full{.directory = "/dev/shm", .most_bytes = most_bytes, .most_files = 2, .most_in_memory = 0};
    struct rlimit limit {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const auto restore = limit;
    limit.rlim_cur = 1000;
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    {
        BodyBuilder builder(full, 100);
        builder.buffer().assign(900, 'x');
        REQUIRE(builder.flush());
        builder.buffer().assign(200, 'x');
        const auto finished = builder.finish();
        REQUIRE_FALSE(finished);
        CHECK(finished.error().code == Errc::no_room);
    }
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &restore) == 0);
    CHECK(spooled_bytes() == 0);
}

TEST_CASE("body: files of all together stay within their bytes until the last reader has gone")
{
    auto first = spooled(6000);
    CHECK(spooled_bytes() == 6000);
    {
        BodyBuilder second(spool(), 100);
        second.buffer().assign(4001, 'x');
        const auto flushed = second.flush();
        REQUIRE_FALSE(flushed);
        CHECK(flushed.error().code == Errc::overloaded);
        CHECK(flushed.error().retry_after.has_value());
        CHECK(flushed.error().detail.find("cache.spool_bytes") != std::string::npos);
    }
    CHECK(spooled_bytes() == 6000);
    const auto reader = first;
    first.reset();
    CHECK(spooled_bytes() == 6000);
    CHECK(spooled(4000)->size() == 4000);
}

TEST_CASE("body: the limit also holds for what is left at the end")
{
    BodyBuilder builder(spool(), 100);
    builder.buffer().assign(most_bytes, 'x');
    REQUIRE(builder.flush());
    builder.buffer() += "one more";
    const auto finished = builder.finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code == Errc::overloaded);
}

TEST_CASE("body: files are not more than there may be")
{
    const auto first = spooled(1000);
    auto second = spooled(1000);
    CHECK(spooled_files() == 2);
    BodyBuilder third(spool(), 100);
    third.buffer().assign(1000, 'x');
    const auto flushed = third.flush();
    REQUIRE_FALSE(flushed);
    CHECK(flushed.error().code == Errc::overloaded);
    CHECK(flushed.error().detail.find("cache.spool_files") != std::string::npos);
    second.reset();
    CHECK(third.flush());
}

TEST_CASE("body: a file of somebody else's is always taken, and counted with the others")
{
    const auto first = spooled(most_bytes);
    const int descriptor = ::open(spool().directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    REQUIRE(::pwrite(descriptor, "a bundle", 8, 0) == 8);
    {
        const Body body(SpoolFile::adopt(descriptor, 8));
        CHECK(spooled_bytes() == most_bytes + 8);
        CHECK(spooled_files() == 2);
        std::string read(8, '\0');
        CHECK(*body.read_at(0, read.data(), read.size()) == 8);
        CHECK(read == "a bundle");
    }
    CHECK(spooled_bytes() == most_bytes);
}
