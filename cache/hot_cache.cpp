#include "cache/hot_cache.hpp"

namespace nomadic::cache {

std::uint64_t HotCache::cost(const Node& node)
{
    constexpr std::uint64_t bookkeeping = 256; // list and hash nodes, the body's own members
    return bookkeeping + node.name.size() + node.entry.body->size();
}

std::optional<HotEntry> HotCache::find(const std::string& name)
{
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
        ++counts_.misses;
        return std::nullopt;
    }
    ++counts_.hits;
    auto& used = shelf_of(*found->second).used;
    used.splice(used.begin(), used, found->second);
    return found->second->entry;
}

void HotCache::insert(const std::string& name, HotEntry entry)
{
    Node node{name, std::move(entry)};
    const auto needed = cost(node);
    auto& shelf = shelf_of(node);
    if (needed > shelf.room.bytes || shelf.room.entries == 0 || entries_.contains(name))
        return;
    while (shelf.bytes + needed > shelf.room.bytes || shelf.used.size() >= shelf.room.entries)
        evict_last(shelf);
    shelf.used.push_front(std::move(node));
    entries_.emplace(shelf.used.front().name, shelf.used.begin());
    shelf.bytes += needed;
}

void HotCache::evict_last(Shelf& shelf)
{
    shelf.bytes -= cost(shelf.used.back());
    entries_.erase(shelf.used.back().name);
    shelf.used.pop_back();
    ++counts_.evictions;
}

} // namespace nomadic::cache
