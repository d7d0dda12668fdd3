#include "cache/inbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace nomadic::cache {

namespace asio = boost::asio;

asio::execution_context::id Inbox::id;

Inbox::Inbox(asio::execution_context& loop)
    : asio::execution_context::service(loop), woken_(static_cast<asio::io_context&>(loop))
{
    const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (descriptor < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
    woken_.assign(descriptor);
}

void Inbox::shutdown() noexcept
{
    done_.clear();
}

void Inbox::run(asio::thread_pool& pool, std::unique_ptr<Job> job)
{
    bool first = false;
    {
        const std::scoped_lock lock(mutex_);
        first = away_++ == 0;
    }
    if (first)
        wait();
    asio::post(pool, [this, job = std::move(job)]() mutable {
        job->work();
        put(std::move(job), 0);
    });
}

void Inbox::send(std::unique_ptr<Job> done)
{
    put(std::move(done), 1);
}

void Inbox::put(std::unique_ptr<Job> done, std::size_t more_away)
{
    bool first = false;
    {
        const std::scoped_lock lock(mutex_);
        away_ += more_away;
        first = done_.empty();
        done_.push_back(std::move(done));
    }
    const std::uint64_t one = 1;
    if (first)
        (void)!::write(woken_.native_handle(), &one,
                       sizeof one); // it can only be full of what has woken the loop already
}

void Inbox::wait()
{
    woken_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (!error)
            complete_all();
    });
}

void Inbox::complete_all()
{
    std::uint64_t count = 0;
    (void)!::read(woken_.native_handle(), &count, sizeof count); // nothing there is all right
    std::vector<std::unique_ptr<Job>> done;
    bool more = false;
    {
        const std::scoped_lock lock(mutex_);
        done.swap(done_);
        away_ -= done.size();
        more = away_ > 0;
    }
    if (more)
        wait();
    for (auto& job : done) {
        const auto completed = std::move(job);
        completed->complete();
    }
}

} // namespace nomadic::cache
