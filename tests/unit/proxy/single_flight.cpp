#include "proxy/service/single_flight.hpp"
#include "results.hpp"

using namespace nomadic;
using namespace nomadic::proxy;

namespace {

using Flights = SingleFlight<int, int>;

struct Counter {
    int begun = 0;
    Signal go;
    explicit Counter(const asio::any_io_executor& executor) : go(executor) {}

    awaitable<Result<int>> work()
    {
        const int number = ++begun;
        co_await go.wait();
        co_return number;
    }
};

awaitable<void> wait_for(Flights::FlightPointer flight, std::vector<int>& outcomes)
{
    auto outcome = co_await flight->wait();
    outcomes.push_back(outcome ? *outcome : -1);
}

} // namespace

TEST_CASE("single flight: one piece of work, one outcome for all; a superseded one is not joined any more")
{
    asio::io_context loop;
    Counter counter(loop.get_executor());
    Flights flights(loop.get_executor());
    const Flights::Work work = [&](auto) { return counter.work(); };
    std::vector<int> outcomes;
    for (int i = 0; i < 3; ++i) {
        auto [flight, role] = flights.join(7, work);
        CHECK((role == Role::leader) == (i == 0));
        asio::co_spawn(loop, wait_for(flight, outcomes), asio::detached);
    }
    loop.poll();
    CHECK(counter.begun == 1);
    flights.supersede(7);
    auto [newer, role] = flights.join(7, work);
    CHECK(role == Role::leader);
    asio::co_spawn(loop, wait_for(newer, outcomes), asio::detached);
    loop.restart();
    loop.poll();
    CHECK(counter.begun == 2);
    counter.go.fire();
    loop.restart();
    loop.run();
    std::sort(outcomes.begin(), outcomes.end());
    CHECK(outcomes == std::vector<int>{1, 1, 1, 2});
    CHECK(flights.size() == 0);
}

TEST_CASE("single flight: work that throws is a failure for all who wait, and the next one begins anew")
{
    asio::io_context loop;
    Flights flights(loop.get_executor());
    const Flights::Work work = [](auto) -> awaitable<Result<int>> {
        throw std::runtime_error("bug");
        co_return 1;
    };
    std::vector<int> outcomes;
    asio::co_spawn(loop, wait_for(flights.join(1, work).first, outcomes), asio::detached);
    loop.run();
    CHECK(outcomes == std::vector<int>{-1});
    CHECK(flights.size() == 0);
}
