#pragma once

// The store for the loop thread: each call runs on the store's own threads (one writer, a few readers, as many for
// large batches, one for what takes long) and resumes the caller on its executor. Destroying it waits for what has
// begun.

#include "base/counted.hpp"
#include "cache/inbox.hpp"
#include "cache/store.hpp"

#include <atomic>

namespace nomadic::cache {

class AsyncStore {
public:
    AsyncStore(std::unique_ptr<Store> store, unsigned reader_threads);
    ~AsyncStore();

    // Runs `work(Store&)` on a reader (or the writer) thread and returns what it returned. `work` is taken by value and
    // must own what it uses.
    template <class Work>
    auto read(Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        return run(readers_, std::move(work));
    }
    template <class Work>
    auto write(Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        return run(writer_, std::move(work));
    }

    // For reading a batch so large that whoever reads a small one should not wait behind it.
    template <class Work>
    auto read_large(Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        return run(large_, std::move(work));
    }
    // For work over many batches, one at a time: it may take minutes, and nobody who reads a batch waits behind it.
    template <class Work>
    auto behind(Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        return run(behind_, std::move(work));
    }

    // Store::begin(). Whoever drops the writer last, it goes on the store's own thread, since what it has staged in
    // vain is removed from the database then.
    boost::asio::awaitable<Result<std::shared_ptr<SnapshotWriter>>> begin(Key key);

    void join(); // waits for what has begun; nothing may be asked of it afterwards

    // Jobs that wait or run: what the store is behind with. Loop thread.
    std::uint64_t reads_pending() const { return readers_.pending; }
    std::uint64_t writes_pending() const { return writer_.pending; }

    Store& blocking() { return *store_; } // for start-up, before the loop runs

private:
    void catch_up();

    struct Threads {
        explicit Threads(unsigned count) : pool(count) {}
        boost::asio::thread_pool pool;
        std::uint64_t pending = 0;
    };

    template <class Work>
    auto run(Threads& threads, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        const Counted pending(threads.pending);
        auto job = [&store = *store_, work = std::move(work)]() mutable { return work(store); };
        co_return co_await run_on(threads.pool, std::move(job));
    }

    std::unique_ptr<Store> store_;
    Threads readers_;
    Threads writer_;
    Threads large_;
    Threads behind_;
    std::atomic<bool> leaving_ = false;
};

} // namespace nomadic::cache
