#include "cache/growing_body.hpp"
#include "results.hpp"

#include <filesystem>

using namespace nomadic::cache;
using nomadic::Errc;

namespace {

constexpr std::size_t a_lot = 600'000; // more than is handed over at once

Spool spool(std::uint64_t most_bytes = 10'000'000)
{
    return {.directory = std::filesystem::temp_directory_path().string(),
            .most_bytes = most_bytes,
            .most_files = 3,
            .most_in_memory = 0};
}

std::string read(const Body& body, std::uint64_t offset, std::size_t count)
{
    if (body.in_memory())
        return std::string(body.bytes().substr(offset, count));
    std::string bytes(count, '\0');
    bytes.resize(*body.read_at(offset, bytes.data(), count));
    return bytes;
}

} // namespace

TEST_CASE("growing body: its size is known at once, and what has been handed over can be read")
{
    for (const auto threshold : {std::uint64_t{0}, std::uint64_t{10'000'000}}) {
        auto growing = GrowingBody::begin(spool(), threshold, a_lot + 5);
        REQUIRE(growing);
        const auto body = growing->body();
        CHECK(body->size() == a_lot + 5);
        CHECK(body->in_memory() == (threshold != 0));
        growing->buffer() = "first";
        REQUIRE(growing->flush());
        CHECK(growing->grown() == 0); // not worth it yet
        growing->buffer().append(a_lot - 10, 'x');
        REQUIRE(growing->flush());
        CHECK(growing->grown() == a_lot - 5);
        CHECK(read(*body, 3, 4) == "stxx");
        growing->buffer() += "-and-last-";
        REQUIRE(growing->finish());
        CHECK(growing->grown() == a_lot + 5);
        CHECK(read(*body, a_lot - 6, 100) == "x-and-last-");
    }
}

TEST_CASE("growing body: it is never of another length than was promised")
{
    for (const auto threshold : {std::uint64_t{0}, std::uint64_t{100}}) {
        auto too_long = GrowingBody::begin(spool(), threshold, 10);
        too_long->buffer() = "eleven byte";
        CHECK(too_long->finish().error().code == Errc::internal);
        auto far_too_long = GrowingBody::begin(spool(), threshold, 10);
        far_too_long->buffer().assign(a_lot, 'x');
        CHECK(far_too_long->flush().error().code == Errc::internal);
        auto too_short = GrowingBody::begin(spool(), threshold, 10);
        too_short->buffer() = "nine byte";
        CHECK(too_short->finish().error().code == Errc::internal);
    }
}

TEST_CASE(
    "growing body: whether there is room is known before its first byte, and it is given back with the last reader")
{
    const auto bytes = spooled_bytes(), files = spooled_files();
    {
        const auto held = GrowingBody::begin(spool(1000), 10, 900)->body();
        CHECK(spooled_bytes() == bytes + 900);
        CHECK(spooled_files() == files + 1);
        const auto refused = GrowingBody::begin(spool(1000), 10, 101);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::overloaded);
        CHECK(refused.error().detail.find("cache.spool_bytes") != std::string::npos);
        CHECK(spooled_bytes() == bytes + 900);
    }
    CHECK(spooled_bytes() == bytes);
    CHECK(spooled_files() == files);
}

TEST_CASE("growing body: where no file can be made, it stays in memory as long as there is enough")
{
    const auto before = Body::in_memory_now();
    const Spool nowhere{"/nonexistent", 1000, 1, before + 1000};
    auto growing = GrowingBody::begin(nowhere, 1, 1000);
    REQUIRE(growing);
    CHECK(growing->body()->in_memory());
    CHECK(Body::in_memory_now() == before + 1000);
    const auto refused = GrowingBody::begin(nowhere, 1, 2);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_room);
    CHECK(Body::in_memory_now() == before + 1000);
}
