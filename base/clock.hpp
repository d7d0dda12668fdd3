#pragma once

// Time as a value that is handed in. Nothing below daemon/ reads the system clock by itself, so a test can move time
// instead of sleeping. Any thread.

#include <chrono>

namespace nomadic {

using TimePoint = std::chrono::system_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const noexcept = 0;
};

class SystemClock final : public Clock {
public:
    TimePoint now() const noexcept override { return std::chrono::system_clock::now(); }
};

} // namespace nomadic
