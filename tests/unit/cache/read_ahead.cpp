#include "cache/sqlite/read_ahead.hpp"

#include <atomic>
#include <doctest/doctest.h>
#include <stdexcept>

using namespace nomadic;
using namespace nomadic::cache::sqlite;

namespace {

constexpr int many = 500;

Page page(int number)
{
    Page page(1);
    page.front().video_id = std::to_string(number);
    return page;
}

void decode(Page& page)
{
    for (auto& video : page)
        video.record = batch::VideoRecord{.video_id = video.video_id};
}

void give_many(PageSink& sink)
{
    for (int number = 0; number < many; ++number)
        if (!sink.give(page(number)))
            return;
}

// Reads many pages, with one step in place of what it otherwise does; what was consumed.
std::vector<std::string> consumed(const std::function<void(ReadAhead&)>& change)
{
    std::vector<std::string> seen;
    ReadAhead work{.produce = give_many, .decode_ahead = decode, .decode = decode, .consume = [&](Page page) {
                       seen.push_back(page.front().record.value().video_id);
                       return true;
                   }};
    change(work);
    read_ahead(work);
    return seen;
}

std::vector<std::string> all_numbers()
{
    std::vector<std::string> numbers;
    for (int number = 0; number < many; ++number)
        numbers.push_back(std::to_string(number));
    return numbers;
}

[[noreturn]] void fail()
{
    throw std::runtime_error("no more");
}

} // namespace

TEST_CASE("read ahead: every page comes decoded and in its order")
{
    CHECK(consumed([](auto&) {}) == all_numbers());
}

TEST_CASE("read ahead: whoever has to wait decodes")
{
    SUBCASE("the reader, while the caller is busy with a page")
    {
        std::atomic<bool> decoded_ahead = false;
        consumed([&](ReadAhead& work) {
            work.decode_ahead = [&](Page& page) {
                decode(page);
                decoded_ahead = true;
                decoded_ahead.notify_all();
            };
            work.consume = [&](const Page&) {
                decoded_ahead.wait(false);
                return true;
            };
        });
        CHECK(decoded_ahead);
    }
    SUBCASE("the caller, while the reader is busy with a page")
    {
        std::atomic<bool> decoded = false;
        consumed([&](ReadAhead& work) {
            work.produce = [&](PageSink& sink) {
                sink.give(page(0));
                decoded.wait(false);
            };
            work.decode = [&](Page& page) {
                decode(page);
                decoded = true;
                decoded.notify_all();
            };
        });
        CHECK(decoded);
    }
}

TEST_CASE("read ahead: few pages are under way at once")
{
    std::atomic<int> given = 0, taken = 0, most = 0;
    consumed([&](ReadAhead& work) {
        work.produce = [&](PageSink& sink) {
            for (int number = 0; number < many; ++number) {
                most = std::max<int>(most, ++given - taken);
                sink.give(page(number));
            }
        };
        work.consume = [&](const Page&) {
            ++taken;
            return true;
        };
    });
    CHECK(given == many);
    CHECK(most <= 6); // those that wait, one in the caller's hands and one in the reader's
}

TEST_CASE("read ahead: the caller stops when it has enough, and the reader with it")
{
    int seen = 0;
    consumed([&](ReadAhead& work) { work.consume = [&](const Page&) { return ++seen < 3; }; });
    CHECK(seen == 3);
}

TEST_CASE("read ahead: what any step throws comes out")
{
    const auto thrown_by = [](const std::function<void(ReadAhead&)>& change) {
        CHECK_THROWS_WITH(consumed(change), "no more");
    };
    thrown_by([](ReadAhead& work) { work.produce = [](PageSink&) { fail(); }; });
    thrown_by([](ReadAhead& work) {
        work.produce = [](PageSink& sink) {
            sink.give(page(0));
            fail();
        };
    });
    thrown_by([](ReadAhead& work) { work.consume = [](const Page&) -> bool { fail(); }; });
    thrown_by([](ReadAhead& work) { work.decode_ahead = work.decode = [](Page&) { fail(); }; });
    std::atomic<bool> failed = false;
    thrown_by([&](ReadAhead& work) { // the caller waits for what only the reader finds damaged
        work.decode_ahead = [&](Page&) {
            failed = true;
            failed.notify_all();
            fail();
        };
        work.consume = [&](const Page&) {
            failed.wait(false);
            return true;
        };
    });
}
