#pragma once

// The store for the loop thread: each call runs on the store's own threads (one writer, a few readers) and resumes the
// caller on its executor. Destroying it waits for what has begun.

#include "cache/store.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

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

    void join(); // waits for what has begun; nothing may be asked of it afterwards

    Store& blocking() { return *store_; } // for start-up, before the loop runs

private:
    void catch_up();
    template <class Work>
    auto run(boost::asio::thread_pool& pool, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        co_return co_await boost::asio::co_spawn(pool, job(*store_, std::move(work)), boost::asio::use_awaitable);
    }
    template <class Work>
    static auto job(Store& store, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work, Store&>>
    {
        co_return work(store);
    }

    std::unique_ptr<Store> store_;
    boost::asio::thread_pool readers_;
    boost::asio::thread_pool writer_;
    std::atomic<bool> leaving_ = false;
};

} // namespace nomadic::cache
