#include "cache/hot_cache.hpp"

namespace nomadic::cache {

std::uint64_t HotCache::cost(const Node& node)
{
    constexpr std::uint64_t bookkeeping = 256; // list and hash nodes, the body's own members
    return bookkeeping + node.name.size() + (node.entry.body->in_memory() ? node.entry.body->size() : 0);
}

std::optional<HotEntry> HotCache::find(const std::string& name)
{
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
        ++counts_.misses;
        return std::nullopt;
    }
    ++counts_.hits;
    used_.splice(used_.begin(), used_, found->second);
    return found->second->entry;
}

void HotCache::insert(const std::string& name, HotEntry entry)
{
    Node node{name, std::move(entry)};
    const auto needed = cost(node);
    if (needed > capacity_ || entries_.contains(name))
        return;
    while (bytes_ + needed > capacity_)
        evict_last();
    used_.push_front(std::move(node));
    entries_.emplace(used_.front().name, used_.begin());
    bytes_ += needed;
}

void HotCache::evict_last()
{
    bytes_ -= cost(used_.back());
    entries_.erase(used_.back().name);
    used_.pop_back();
    ++counts_.evictions;
}

} // namespace nomadic::cache
