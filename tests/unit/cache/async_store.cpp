#include "cache/async_store.hpp"
#include "cache/open_store.hpp"
#include "cache/sqlite/database.hpp"
#include "contract/batches.hpp"
#include "contract/directory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <latch>

using namespace nomadic;
using namespace nomadic::cache;
namespace asio = boost::asio;

namespace {

constexpr TimePoint now{std::chrono::seconds{1'700'000'000}};

std::int64_t staged_videos(const std::string& directory)
{
    sqlite::Database database(directory + "/cache.db", sqlite::Database::Mode::read_only);
    auto rows = database.query("SELECT count(*) FROM content");
    rows.next();
    return rows.integer(0);
}

asio::awaitable<void> stage(AsyncStore& store, test::TestBatch batch, std::shared_ptr<SnapshotWriter>& writer)
{
    const Key key{make_scope("https://upstream.example", "user", "me"), batch.status.batch_id};
    auto begun = co_await store.begin(key);
    writer = std::move(*begun);
    auto add = [writer, records = std::move(batch.records)](Store&) mutable { return writer->add(std::move(records)); };
    auto added = co_await store.write(std::move(add));
    CHECK(added.has_value());
}

asio::awaitable<void> occupy(AsyncStore& store, std::latch& free)
{
    auto wait = [&free](Store&) { free.wait(); };
    co_await store.write(std::move(wait));
}

} // namespace

TEST_CASE("async store: what a dropped writer has staged is removed on the store's own thread")
{
    const test::Directory directory;
    asio::io_context loop;
    AsyncStore store(std::move(open_store(directory.path, now)->store), 1);
    std::shared_ptr<SnapshotWriter> writer;
    asio::co_spawn(loop, stage(store, test::make_batch("ask-1", {{"approved"}, {"rejected"}, {}}), writer),
                   asio::detached);
    loop.run();
    REQUIRE(staged_videos(directory.path) == 3);

    std::latch free(1);
    asio::co_spawn(loop, occupy(store, free), asio::detached);
    loop.restart();
    loop.poll();
    writer.reset();
    CHECK(staged_videos(directory.path) == 3);
    free.count_down();
    loop.run();
    store.join();
    CHECK(staged_videos(directory.path) == 0);
}
