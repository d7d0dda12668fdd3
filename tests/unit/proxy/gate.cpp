#include "proxy/upstream/gate.hpp"

#include <doctest/doctest.h>

using namespace nomadic::proxy;

namespace {

struct Counts {
    int inside = 0, most = 0;
    std::vector<int> order;
};

awaitable<void> pass(Gate& gate, Signal& go, Counts& counts, int number)
{
    const auto turn = co_await gate.enter();
    counts.order.push_back(number);
    counts.most = std::max(counts.most, ++counts.inside);
    co_await go.wait();
    --counts.inside;
}

} // namespace

TEST_CASE("gate: no more than its places are inside, and all pass in the order they came")
{
    asio::io_context context;
    Gate gate(context.get_executor(), 2);
    Signal go(context.get_executor());
    Counts counts;
    for (int i = 0; i < 5; ++i)
        asio::co_spawn(context, pass(gate, go, counts, i), asio::detached);
    context.poll();
    CHECK(counts.inside == 2);
    go.fire();
    context.restart();
    context.run();
    CHECK(counts.most == 2);
    CHECK(counts.inside == 0);
    CHECK(counts.order == std::vector{0, 1, 2, 3, 4});
}
