#include "cache/store.hpp"

#include <numeric>

namespace nomadic::cache {

std::uint64_t Snapshot::event_count() const
{
    return std::accumulate(events.begin(), events.end(), std::uint64_t{0});
}

std::uint64_t Snapshot::event_count(const batch::Selection& selection) const
{
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < batch::approval_count; ++i)
        if (selection.wants(static_cast<batch::Approval>(i)))
            count += events[i];
    return count;
}

bool is_damage(const Failure& failure)
{
    return failure.members.contains("damaged");
}

} // namespace nomadic::cache
