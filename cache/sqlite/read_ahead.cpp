#include "cache/sqlite/read_ahead.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace nomadic::cache::sqlite {

namespace {

constexpr std::size_t most_pages = 2;

class Pages final : public PageSink {
public:
    bool give(Page page) override
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || pages_.size() < most_pages; });
        if (closed_)
            return false;
        pages_.push_back(std::move(page));
        changed_.notify_all();
        return true;
    }
    bool awaited() const override
    {
        const std::scoped_lock lock(mutex_);
        return waiting_ && pages_.empty();
    }
    // Empty once there are no more.
    std::optional<Page> take()
    {
        std::unique_lock lock(mutex_);
        waiting_ = true;
        changed_.wait(lock, [&] { return closed_ || !pages_.empty(); });
        waiting_ = false;
        if (pages_.empty())
            return std::nullopt;
        auto page = std::move(pages_.front());
        pages_.pop_front();
        changed_.notify_all();
        return page;
    }
    // What is there can still be taken; nothing more comes.
    void close()
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Page> pages_;
    bool waiting_ = false;
    bool closed_ = false;
};

} // namespace

void read_ahead(const std::function<void(PageSink&)>& produce, const std::function<bool(Page)>& consume)
{
    Pages pages;
    std::exception_ptr failed;
    {
        std::jthread reader([&] {
            try {
                produce(pages);
            } catch (...) {
                failed = std::current_exception();
            }
            pages.close();
        });
        struct Closed {
            Pages& pages;
            ~Closed() { pages.close(); } // also when consume() throws: the reader must not wait for ever
        } closed{pages};
        for (auto page = pages.take(); page && consume(std::move(*page)); page = pages.take()) {
        }
    }
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace nomadic::cache::sqlite
