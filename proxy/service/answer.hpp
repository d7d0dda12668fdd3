#pragma once

// What the batch service gives to a route: which state of the batch, and where it came from. Loop thread; the held
// parts are immutable and may be read on any.

#include "batch/batch.hpp"
#include "cache/store.hpp"
#include "proxy/service/held_memory.hpp"

#include <memory>

namespace nomadic::proxy {

// A batch in memory that is not in the store: one still running that the caller wants all the same, or one that the
// store could not take.
struct HeldBatch {
    explicit HeldBatch(const HeldMemory& among) : memory(among) {}

    HeldMemory::Share memory;
    batch::StatusDocument status;
    std::vector<batch::VideoRecord> records; // one for each distinct video
};

// How the cache came by an answer, in the words of RFC 9211.
struct Provenance {
    enum class Forward { none, miss, stale, request, partial };
    Forward forward = Forward::none; // none: a hit
    bool stored = false;
    bool collapsed = false;
    std::string detail;                         // e.g. "offline", "stale-if-error"; "" for nothing to add
    std::chrono::seconds age{0};                // since upstream last confirmed it
    std::chrono::seconds freshness_lifetime{0}; // ttl is this less the age
    std::chrono::seconds stale_while_revalidate{0};
};

struct Answer {
    cache::Snapshot snapshot;              // of a held batch: its facts, id 0
    std::shared_ptr<const HeldBatch> held; // null when the batch is in the store
    Provenance provenance;
    // A fresh answer: asked again the same way, it is the same until then, unless a newer state comes to be known.
    std::optional<TimePoint> same_until{};
};

} // namespace nomadic::proxy
