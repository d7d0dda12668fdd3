#include "proxy/service/held_memory.hpp"

namespace nomadic::proxy {

bool HeldMemory::Share::grow(std::uint64_t bytes)
{
    auto taken = account_->taken.load();
    do {
        if (bytes > account_->most - taken)
            return false;
    } while (!account_->taken.compare_exchange_weak(taken, taken + bytes));
    taken_ += bytes;
    return true;
}

std::uint64_t memory_of(const batch::StatusDocument& status)
{
    return status.source.capacity() + status.videos.capacity() * sizeof(batch::VideoPointer);
}

std::uint64_t memory_of(const batch::VideoRecord& record)
{
    return sizeof record + record.video_id.capacity() + record.source.capacity() + record.head.capacity() +
           record.tail.capacity() + record.events.capacity() + record.spans.capacity() * sizeof(batch::EventSpan);
}

} // namespace nomadic::proxy
