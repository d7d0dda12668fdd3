#pragma once

// Rendered answers, kept while there is room: least recently used go first. Those in memory are bounded by the bytes of
// bodies and names, those in temporary files by their bytes and their number. An entry's name holds its snapshot's
// digest, so nothing here is ever wrong, only no longer asked for. Loop thread; what it hands out is immutable and may
// be read on any.

#include "cache/body.hpp"

#include <limits>
#include <list>
#include <unordered_map>

namespace nomadic::cache {

struct HotEntry {
    std::shared_ptr<const Body> body;
    std::uint64_t events = 0; // X-Total-Count
};

class HotCache {
public:
    struct Room {
        std::uint64_t bytes = 0;
        std::uint64_t entries = std::numeric_limits<std::uint64_t>::max();
    };
    HotCache(Room memory, Room files) : memory_{.room = memory}, files_{.room = files} {}

    std::optional<HotEntry> find(const std::string& name);
    void insert(const std::string& name, HotEntry entry); // nothing happens when it alone would not fit

    void count_hit() { ++counts_.hits; } // of who kept an entry and gave it out once more

    std::uint64_t bytes() const { return memory_.bytes; } // of memory
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
    struct Shelf {
        Room room;
        std::uint64_t bytes = 0;
        std::list<Node> used{}; // most recently used first
    };
    static std::uint64_t cost(const Node& node);
    Shelf& shelf_of(const Node& node) { return node.entry.body->in_memory() ? memory_ : files_; }
    void evict_last(Shelf& shelf);

    Counts counts_;
    Shelf memory_, files_;
    std::unordered_map<std::string_view, std::list<Node>::iterator> entries_;
};

} // namespace nomadic::cache
