#pragma once

// Work on other threads whose outcome comes back to an event loop.
//
// Asio's own way of coming back wakes the loop while it holds the loop's mutex. A thread of lower priority is then
// preempted by the loop that it has just woken, which finds the mutex taken and sleeps until that thread has its turn
// again: milliseconds, on a busy machine. Here the loop is woken once nothing is held any more.

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <vector>

namespace nomadic::cache {

// One for each loop, made when it is first asked for. What is still in it when the loop is shut down is destroyed.
class Inbox : public boost::asio::execution_context::service {
public:
    class Job {
    public:
        Job() = default;
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        virtual ~Job() = default;
        virtual void work() = 0;     // on another thread
        virtual void complete() = 0; // on the loop
    };

    static boost::asio::execution_context::id id;
    explicit Inbox(boost::asio::execution_context& loop); // which is an io_context

    // Runs the job on `pool`, then completes it. Loop thread.
    void run(boost::asio::thread_pool& pool, std::unique_ptr<Job> job);
    // Completes the job, whose work is done, before the one that is at work here. From the work of another job only.
    void send(std::unique_ptr<Job> done);

private:
    void shutdown() noexcept override;
    void put(std::unique_ptr<Job> done, std::size_t more_away); // any thread
    void wait();
    void complete_all();

    boost::asio::posix::stream_descriptor woken_; // an eventfd
    std::mutex mutex_;
    // Below: under mutex_.
    std::size_t away_ = 0; // jobs that have not come back; the loop is kept running for them
    std::vector<std::unique_ptr<Job>> done_;
};

// A job that keeps what `work` returns or throws for whoever waits for it.
template <class Work, class Handler>
class Errand final : public Inbox::Job {
public:
    Errand(Work todo, Handler then) : work_(std::move(todo)), handler_(std::move(then)) {}
    void work() override
    {
        try {
            outcome_ = (*work_)();
        } catch (...) {
            thrown_ = std::current_exception();
        }
        work_.reset(); // what it owns goes here, before whoever waits goes on
    }
    void complete() override { std::move(handler_)(thrown_, std::move(outcome_)); }

private:
    std::optional<Work> work_;
    Handler handler_;
    std::exception_ptr thrown_;
    std::invoke_result_t<Work> outcome_{};
};

// What `complete` does, for send().
template <class Complete>
class Message final : public Inbox::Job {
public:
    explicit Message(Complete complete) : complete_(std::move(complete)) {}
    void work() override {}
    void complete() override { complete_(); }

private:
    Complete complete_;
};

// Runs `work` on a thread of the pool and resumes the caller with what it returned or threw. `work` is taken by value
// and must own what it uses. From a coroutine on a loop.
template <class Work>
auto run_on(boost::asio::thread_pool& pool, Work work) -> boost::asio::awaitable<std::invoke_result_t<Work>>
{
    namespace asio = boost::asio;
    using Outcome = std::invoke_result_t<Work>;
    if constexpr (std::is_void_v<Outcome>) {
        auto valued = [work = std::move(work)]() mutable {
            work();
            return true;
        };
        co_await run_on(pool, std::move(valued));
    } else {
        const auto executor = co_await asio::this_coro::executor;
        auto& inbox = asio::use_service<Inbox>(asio::query(executor, asio::execution::context));
        auto start = [&inbox, &pool, &work](auto handler) {
            inbox.run(pool, std::make_unique<Errand<Work, decltype(handler)>>(std::move(work), std::move(handler)));
        };
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Outcome)>(
            start, asio::use_awaitable);
    }
}

} // namespace nomadic::cache
