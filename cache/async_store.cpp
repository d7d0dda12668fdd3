#include "cache/async_store.hpp"

#include "cache/background.hpp"

#include <boost/asio/post.hpp>

namespace nomadic::cache {

AsyncStore::AsyncStore(std::unique_ptr<Store> store, unsigned reader_threads)
    : store_(std::move(store)), readers_(reader_threads), writer_(1), large_(reader_threads), behind_(1)
{
    run_in_background(writer_.pool, 1);
    run_in_background(behind_.pool, 1);
    run_in_background(large_.pool, reader_threads);
    catch_up();
}

AsyncStore::~AsyncStore()
{
    join();
}

boost::asio::awaitable<Result<std::shared_ptr<SnapshotWriter>>> AsyncStore::begin(Key key)
{
    auto drop = [executor = writer_.pool.get_executor()](SnapshotWriter* writer) {
        boost::asio::post(executor, [dropped = std::unique_ptr<SnapshotWriter>(writer)] {});
    };
    auto work = [key = std::move(key),
                 drop = std::move(drop)](Store& store) -> Result<std::shared_ptr<SnapshotWriter>> {
        auto begun = store.begin(key);
        if (!begun)
            return begun.error();
        return std::shared_ptr<SnapshotWriter>(begun->release(), drop);
    };
    return write(std::move(work));
}

void AsyncStore::join()
{
    leaving_ = true;
    readers_.pool.join();
    large_.pool.join();
    behind_.pool.join();
    writer_.pool.join();
}

// A step at a time, so that it never stands long before another write.
void AsyncStore::catch_up()
{
    boost::asio::post(writer_.pool, [this] {
        const auto more = store_->catch_up();
        if (more && *more && !leaving_)
            catch_up();
    });
}

} // namespace nomadic::cache
