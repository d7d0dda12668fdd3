#include "cache/store.hpp"

#include <numeric>

namespace nomadic::cache {

std::uint64_t Snapshot::event_count() const
{
    return std::accumulate(events.begin(), events.end(), std::uint64_t{0});
}

} // namespace nomadic::cache
