#include "cache/inbox.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <doctest/doctest.h>

#include <latch>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

using namespace nomadic::cache;
namespace asio = boost::asio;

namespace {

class Context : public asio::io_context {
public:
    void destroy_suspended() { asio::execution_context::shutdown(); }
};

struct Outcome {
    std::string value;
    std::string thrown;
    std::thread::id worked_on, resumed_on;
};

template <class Work>
asio::awaitable<void> collect(asio::thread_pool& pool, Work work, Outcome& outcome)
{
    auto noted = [&outcome, work = std::move(work)]() mutable {
        outcome.worked_on = std::this_thread::get_id();
        return work();
    };
    try {
        outcome.value = co_await run_on(pool, std::move(noted));
    } catch (const std::runtime_error& error) {
        outcome.thrown = error.what();
    }
    outcome.resumed_on = std::this_thread::get_id();
}

asio::awaitable<void> count_up(asio::thread_pool& pool, int& sum)
{
    for (int i = 1; i <= 100; ++i) {
        auto number = [i] { return i; };
        const auto counted = co_await run_on(pool, std::move(number));
        sum += counted;
    }
}

} // namespace

TEST_CASE("inbox: work runs elsewhere and its outcome comes back to the loop")
{
    Context loop;
    asio::thread_pool pool(1);
    Outcome good, bad;
    asio::co_spawn(loop,
                   collect(
                       pool, [] { return std::string("done"); }, good),
                   asio::detached);
    asio::co_spawn(loop,
                   collect(
                       pool, []() -> std::string { throw std::runtime_error("broken"); }, bad),
                   asio::detached);
    loop.run(); // ends once all has come back
    CHECK(good.value == "done");
    CHECK(bad.thrown == "broken");
    for (const auto& outcome : {good, bad}) {
        CHECK(outcome.resumed_on == std::this_thread::get_id());
        CHECK(outcome.worked_on != std::this_thread::get_id());
    }
}

TEST_CASE("inbox: what a job sends comes before its outcome, while it is still at work")
{
    Context loop;
    asio::thread_pool pool(1);
    auto& inbox = asio::use_service<Inbox>(loop);
    Outcome outcome;
    std::string told;
    std::latch seen(1);
    const auto tell = [&inbox](auto what) { inbox.send(std::make_unique<Message<decltype(what)>>(what)); };
    auto work = [&, tell] {
        tell([&] { told += "one "; });
        tell([&] {
            told += "two " + outcome.value;
            seen.count_down();
        });
        seen.wait();
        return std::string("done");
    };
    asio::co_spawn(loop, collect(pool, std::move(work), outcome), asio::detached);
    loop.run();
    CHECK(told == "one two ");
    CHECK(outcome.value == "done");
}

TEST_CASE("inbox: nothing is lost however much is under way, and a loop that has run empty is used again")
{
    Context loop;
    asio::thread_pool pool(3);
    for (int round = 0; round < 3; ++round) {
        std::vector<int> sums(20);
        for (auto& sum : sums)
            asio::co_spawn(loop, count_up(pool, sum), asio::detached);
        loop.restart();
        loop.run();
        CHECK(std::accumulate(sums.begin(), sums.end(), 0) == 20 * 5050);
    }
}

TEST_CASE("inbox: what nobody collects any more goes with the loop")
{
    auto held = std::make_shared<int>(1);
    {
        Context loop;
        asio::thread_pool pool(1);
        Outcome outcome;
        std::latch polled(1);
        auto work = [held, &polled] {
            polled.wait();
            return std::string("late");
        };
        asio::co_spawn(loop, collect(pool, std::move(work), outcome), asio::detached);
        loop.poll(); // it has begun
        polled.count_down();
        pool.join(); // and has its outcome, which the loop has not seen
        loop.destroy_suspended();
        CHECK(outcome.value.empty());
        CHECK(held.use_count() == 1);
    }
}
