#include "cache/sqlite/read_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace nomadic::cache::sqlite {

namespace {

constexpr std::size_t most_pages = 4;

// The pages under way. Whoever has to wait decodes one of them meanwhile: the reader the last, since the first is about
// to be taken.
class Pages final : public PageSink {
public:
    Pages(const std::function<void(Page&)>& decode_ahead, const std::function<void(Page&)>& decode)
        : decode_ahead_(decode_ahead), decode_(decode)
    {}

    bool give(Page page) override
    {
        std::unique_lock lock(mutex_);
        slots_.push_back({.page = std::move(page)});
        changed_.notify_all();
        while (!closed_ && slots_.size() >= most_pages)
            if (const auto last = std::find_if(slots_.rbegin(), slots_.rend(), is_packed); last != slots_.rend())
                decode(*last, decode_ahead_, lock);
            else
                changed_.wait(lock);
        return !closed_;
    }

    // Empty once there are no more.
    std::optional<Page> take()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (!slots_.empty() && slots_.front().state == State::decoded)
                break;
            if (const auto first = std::find_if(slots_.begin(), slots_.end(), is_packed); first != slots_.end())
                decode(*first, decode_, lock);
            else if (closed_ && (slots_.empty() || failed_))
                return std::nullopt;
            else
                changed_.wait(lock);
        }
        auto page = std::move(slots_.front().page);
        slots_.pop_front();
        changed_.notify_all();
        return page;
    }

    // What is there can still be taken, unless the reader has failed; nothing more comes.
    void close(bool failed)
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        failed_ = failed;
        changed_.notify_all();
    }

private:
    enum class State { packed, being_decoded, decoded };
    struct Slot {
        Page page;
        State state = State::packed;
    };
    static bool is_packed(const Slot& slot) { return slot.state == State::packed; }

    // A slot keeps its place in memory while others come and go, and is not taken before it is decoded.
    void decode(Slot& slot, const std::function<void(Page&)>& decode, std::unique_lock<std::mutex>& lock)
    {
        slot.state = State::being_decoded;
        lock.unlock();
        decode(slot.page);
        lock.lock();
        slot.state = State::decoded;
        changed_.notify_all();
    }

    const std::function<void(Page&)>& decode_ahead_;
    const std::function<void(Page&)>& decode_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Slot> slots_;
    bool closed_ = false;
    bool failed_ = false;
};

} // namespace

void read_ahead(const ReadAhead& work)
{
    Pages pages(work.decode_ahead, work.decode);
    std::exception_ptr failed;
    {
        std::jthread reader([&] {
            try {
                work.produce(pages);
            } catch (...) {
                failed = std::current_exception();
            }
            pages.close(failed != nullptr);
        });
        struct Closed {
            Pages& pages;
            ~Closed() { pages.close(true); } // also when consume() throws: the reader must not wait for ever
        } closed{pages};
        for (auto page = pages.take(); page && work.consume(std::move(*page)); page = pages.take()) {
        }
    }
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace nomadic::cache::sqlite
