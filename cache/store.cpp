#include "cache/store.hpp"

#include <numeric>

namespace nomadic::cache {

std::uint64_t Snapshot::event_count() const
{
    return std::accumulate(events.begin(), events.end(), std::uint64_t{0});
}

bool is_damage(const Failure& failure)
{
    return failure.members.contains("damaged");
}

} // namespace nomadic::cache
