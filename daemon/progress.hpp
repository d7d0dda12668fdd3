#pragma once

// How far a prefetch has come, told on standard error: a bar that is drawn over on a terminal, a line for each batch
// otherwise. One thread.

#include <chrono>
#include <cstdint>
#include <string>

namespace nomadic::daemon {

enum class Output { terminal, lines };

class ProgressBar {
public:
    ProgressBar(Output output, std::size_t batches) : output_(output), batches_(batches) {}
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() { clear(); }

    struct Fetched {
        std::uint64_t videos = 0, total = 0;
        std::uint64_t retries = 0; // of requests to the upstream
    };
    void fetching(const std::string& batch_id, const Fetched& so_far);
    void waiting(const std::string& batch_id, const std::string& status);
    // A batch is done; `line` stays on the screen.
    void finished(const std::string& line);

    // "  12/120 videos  34/s  3 s left  2 retries": what of a batch is there, how fast, how long still. Pure.
    static std::string describe(const Fetched& so_far, std::chrono::duration<double> elapsed);

private:
    void draw(const std::string& text);
    void clear();

    Output output_;
    std::size_t batches_;
    std::size_t done_ = 0;
    std::string batch_id_; // that the clock runs for
    std::string told_;     // the last line that is no bar
    std::chrono::steady_clock::time_point begun_;
    bool drawn_ = false;
};

} // namespace nomadic::daemon
