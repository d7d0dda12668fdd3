#include "proxy/net/transport.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

using namespace nomadic::proxy;

namespace {

// One end is a transport that waits, the other the test's.
struct Connection {
    std::shared_ptr<Transport> transport;
    asio::local::stream_protocol::socket peer;

    Connection(asio::io_context& loop, const std::shared_ptr<Waiter>& waiter) : peer(loop)
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        Socket own(loop, asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
        peer.assign(asio::local::stream_protocol(), ends[1]);
        transport = make_transport(std::move(own), waiter);
    }
    void send(std::string_view bytes) { asio::write(peer, asio::buffer(bytes)); }
};

// What became of waiting.
struct Outcome {
    std::string received;
    bool over = false;
    std::string thrown;
    std::string read_after; // by the ordinary way
    boost::system::error_code error;
};

struct Waiting {
    asio::io_context loop{1};
    std::shared_ptr<Waiter> waiter = std::make_shared<Waiter>(loop.get_executor());

    static awaitable<void> wait(std::shared_ptr<Transport> transport, Receiver receiver, Outcome& outcome)
    {
        try {
            co_await transport->receive_while(std::move(receiver));
        } catch (const std::exception& thrown) {
            outcome.thrown = thrown.what();
        }
        outcome.over = true;
        std::array<char, 64> room{};
        auto [error, count] = co_await transport->read_some(asio::buffer(room));
        outcome.error = error;
        outcome.read_after.assign(room.data(), count);
    }
    void start(const Connection& connection, Receiver receiver, Outcome& outcome)
    {
        asio::co_spawn(loop, wait(connection.transport, std::move(receiver), outcome), asio::detached);
        loop.poll();
    }
    void run_until(const std::function<bool()>& done)
    {
        for (int turns = 0; !done() && turns < 10'000; ++turns)
            loop.run_one_for(std::chrono::milliseconds(10));
        REQUIRE(done());
    }
    // Takes all up to one that says "enough".
    static Receiver collect(Outcome& outcome)
    {
        return [&outcome](std::string_view bytes) {
            outcome.received += bytes;
            return !outcome.received.ends_with("enough");
        };
    }
};

// One connection whose receiver collects.
struct Collecting : Waiting {
    Connection connection{loop, waiter};
    Outcome outcome;

    void start() { Waiting::start(connection, collect(outcome), outcome); }
};

} // namespace

TEST_CASE("waiter: the receiver has what comes until it has enough; what comes then is read as ever")
{
    Collecting waiting;
    waiting.connection.send("here before, ");
    waiting.start();
    waiting.run_until([&] { return waiting.outcome.received == "here before, "; });
    waiting.connection.send("more, ");
    waiting.run_until([&] { return waiting.outcome.received == "here before, more, "; });
    CHECK_FALSE(waiting.outcome.over);
    waiting.connection.send("enough");
    waiting.run_until([&] { return waiting.outcome.over; });
    waiting.connection.send("after");
    waiting.run_until([&] { return !waiting.outcome.read_after.empty(); });
    CHECK(waiting.outcome.received == "here before, more, enough");
    CHECK(waiting.outcome.read_after == "after");
}

TEST_CASE("waiter: what fills the room may have more behind it, which is not lost")
{
    Collecting waiting;
    waiting.start();
    waiting.connection.send(std::string(waiting.waiter->room().size(), 'x') + "rest");
    waiting.run_until([&] { return !waiting.outcome.read_after.empty(); });
    CHECK(waiting.outcome.received.size() == waiting.waiter->room().size());
    CHECK(waiting.outcome.read_after == "rest");
}

TEST_CASE("waiter: the other end's going is told after what it sent")
{
    Collecting waiting;
    waiting.start();
    waiting.connection.send("last words");
    waiting.connection.peer.close();
    waiting.run_until([&] { return waiting.outcome.error.failed(); });
    CHECK(waiting.outcome.received == "last words");
    CHECK(waiting.outcome.error == asio::error::eof);
}

TEST_CASE("waiter: what a receiver throws reaches whoever waits, and nobody else")
{
    Waiting waiting;
    Connection bad(waiting.loop, waiting.waiter), good(waiting.loop, waiting.waiter);
    Outcome thrown, outcome;
    waiting.start(
        bad, [](std::string_view) -> bool { throw std::runtime_error("a bug"); }, thrown);
    waiting.start(good, Waiting::collect(outcome), outcome);
    bad.send("a");
    good.send("enough");
    waiting.run_until([&] { return thrown.over && outcome.over; });
    CHECK(thrown.thrown == "a bug");
    CHECK(outcome.thrown.empty());
}

TEST_CASE("waiter: one may close another whose turn comes")
{
    Waiting waiting;
    Connection first(waiting.loop, waiting.waiter), second(waiting.loop, waiting.waiter);
    Outcome outcomes[2];
    const auto closes = [&](Connection& other) {
        return [&other](std::string_view) {
            other.transport->close();
            return true;
        };
    };
    waiting.start(first, closes(second), outcomes[0]);
    waiting.start(second, closes(first), outcomes[1]);
    first.send("a");
    second.send("b");
    waiting.run_until([&] { return outcomes[0].over || outcomes[1].over; });
    waiting.loop.poll();
    CHECK(outcomes[0].over != outcomes[1].over);
    const auto& closed = outcomes[0].over ? outcomes[0] : outcomes[1];
    CHECK(closed.error == asio::error::bad_descriptor);
}

TEST_CASE("waiter: after one that takes long, the loop has other work done first")
{
    Waiting waiting;
    std::vector<Connection> connections;
    std::array<Outcome, 3> outcomes;
    std::string order;
    const Receiver takes_long = [&](std::string_view bytes) {
        order += bytes;
        asio::post(waiting.loop, [&] {
            order += ", other work";
            connections[2].transport->close(); // whose turn would come
        });
        const auto enough = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
        while (std::chrono::steady_clock::now() < enough) {
        }
        return true;
    };
    for (auto& outcome : outcomes)
        waiting.start(connections.emplace_back(waiting.loop, waiting.waiter), takes_long, outcome);
    for (auto& connection : connections)
        connection.send("told");
    waiting.run_until([&] { return outcomes[2].over; });
    waiting.loop.poll();
    CHECK(order == "told, other worktold, other work");
    CHECK_FALSE(outcomes[0].over);
}

TEST_CASE("waiter: without one, or when it goes with the loop, nothing is left behind")
{
    Waiting waiting;
    Connection alone(waiting.loop, nullptr);
    Outcome outcome;
    waiting.start(alone, Waiting::collect(outcome), outcome);
    CHECK(outcome.over);
    Outcome suspended;
    Connection connection(waiting.loop, waiting.waiter);
    waiting.start(connection, Waiting::collect(suspended), suspended);
    CHECK_FALSE(suspended.over);
}
