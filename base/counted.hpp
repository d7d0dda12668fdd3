#pragma once

// How many of something are under way: one more for as long as this lives, however it ends. On the thread that owns the
// count, which outlives this.

#include <cstdint>

namespace nomadic {

class Counted {
public:
    explicit Counted(std::uint64_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::uint64_t& count_;
};

} // namespace nomadic
