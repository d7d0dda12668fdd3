#pragma once

// Rendered answers, kept while there is room: least recently used go first. Bounded by the bytes of bodies and names.
// An entry's name holds its snapshot's digest, so nothing here is ever wrong, only no longer asked for. Loop thread;
// what it hands out is immutable and may be read on any.

#include "cache/body.hpp"

#include <list>
#include <unordered_map>

namespace nomadic::cache {

struct HotEntry {
    std::shared_ptr<const Body> body;
    std::uint64_t events = 0; // X-Total-Count
};

class HotCache {
public:
    explicit HotCache(std::uint64_t capacity_bytes) : capacity_(capacity_bytes) {}

    std::optional<HotEntry> find(const std::string& name);
    void insert(const std::string& name, HotEntry entry); // nothing happens when it alone would not fit

    void count_hit() { ++counts_.hits; } // of who kept an entry and gave it out once more

    std::uint64_t bytes() const { return bytes_; }
    std::size_t size() const { return entries_.size(); }

    // Since the start.
    struct Counts {
        std::uint64_t hits = 0, misses = 0, evictions = 0;
    };
    const Counts& counts() const { return counts_; }

private:
    struct Node {
        std::string name;
        HotEntry entry;
    };
    static std::uint64_t cost(const Node& node);
    void evict_last();

    std::uint64_t capacity_;
    std::uint64_t bytes_ = 0;
    Counts counts_;
    std::list<Node> used_; // most recently used first
    std::unordered_map<std::string_view, std::list<Node>::iterator> entries_;
};

} // namespace nomadic::cache
