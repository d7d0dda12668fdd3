#include "base/line_writer.hpp"

#include <cerrno>
#include <chrono>
#include <poll.h>
#include <unistd.h>

namespace nomadic::log {

namespace {

constexpr std::size_t most_waiting_bytes = 4U << 20U;
constexpr std::chrono::milliseconds gathering{10};

void write_out(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto wrote = ::write(STDERR_FILENO, bytes.data(), bytes.size());
        if (wrote >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(wrote));
        } else if (errno == EAGAIN) {
            pollfd writable{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return; // nobody reads it any more
        }
    }
}

} // namespace

LineWriter::~LineWriter()
{
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    work_.notify_one();
    thread_.join();
}

void LineWriter::add(std::string_view line)
{
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() + line.size() >= most_waiting_bytes)
        waiting_.erase(0, waiting_.find('\n', waiting_.size() / 2) + 1);
    if (waiting_.empty())
        work_.notify_one();
    waiting_ += line;
    waiting_ += '\n';
}

void LineWriter::flush()
{
    std::unique_lock lock(mutex_);
    ++flushing_;
    work_.notify_one();
    written_.wait(lock, [this] { return waiting_.empty() && !writing_; });
    --flushing_;
}

void LineWriter::run()
{
    std::string lines;
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
        if (waiting_.empty())
            return;
        work_.wait_for(lock, gathering, [this] { return stopping_ || flushing_ != 0; });
        lines.clear();
        lines.swap(waiting_);
        writing_ = true;
        lock.unlock();
        write_out(lines);
        lock.lock();
        writing_ = false;
        if (waiting_.empty())
            written_.notify_all();
    }
}

} // namespace nomadic::log
