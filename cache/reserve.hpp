#pragma once

// A bound on what many threads take of something together. Any thread.

#include <atomic>
#include <cstdint>

namespace nomadic::cache {

// Adds `more` to `now`, unless that would be above `most`.
inline bool reserve(std::atomic<std::uint64_t>& now, std::uint64_t more, std::uint64_t most)
{
    if (more > most)
        return false;
    if (now.fetch_add(more) <= most - more)
        return true;
    now -= more;
    return false;
}

} // namespace nomadic::cache
