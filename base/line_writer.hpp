#pragma once

// Writes lines to standard error. They wait here for a thread of its own, which gathers for a moment and writes many at
// once: a wake-up and a system call for each would cost more than the answer that it tells of. Any thread.

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace nomadic::log {

class LineWriter {
public:
    LineWriter() : thread_([this] { run(); }) {}
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;
    ~LineWriter(); // writes what waits

    // Never blocks for longer than a copy: when too much waits because nobody reads it, the oldest lines go.
    void add(std::string_view line);
    void flush(); // waits until what was added is written

private:
    void run();

    std::mutex mutex_;
    std::condition_variable work_, written_;
    std::string waiting_;
    unsigned flushing_ = 0;
    bool writing_ = false, stopping_ = false;
    std::thread thread_; // begins last
};

} // namespace nomadic::log
