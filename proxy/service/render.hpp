#pragma once

// From what is stored or held to the bytes of an answer. Blocks: for the store's threads.

#include "batch/render.hpp"
#include "cache/hot_cache.hpp"
#include "cache/store.hpp"
#include "proxy/service/answer.hpp"

#include <functional>

namespace nomadic::proxy {

// Where the bytes may lie.
struct SpoolRoom {
    const cache::Spool& spool;
    std::uint64_t threshold; // answers up to here stay in memory
};

// Takes an answer while it is still being made: its body has its size, and so many of its bytes.
using HandOver = std::function<void(const cache::HotEntry& entry, std::uint64_t grown)>;

// Where there is a `hand_over`, and what is stored tells the length, the answer is handed over as it grows; the rest of
// it may then still fail.
Result<cache::HotEntry> render_stored(cache::Store& store, std::int64_t snapshot,
                                      const batch::Representation& representation, const SpoolRoom& room,
                                      const HandOver& hand_over);
// How long what render_stored() gives would be, without rendering it. Empty where what is stored does not tell.
struct Length {
    std::uint64_t bytes = 0, events = 0;
};
Result<std::optional<Length>> measure_stored(cache::Store& store, std::int64_t snapshot,
                                             const batch::Representation& representation);

Result<cache::HotEntry> render_held(const HeldBatch& held, const batch::Representation& representation,
                                    const SpoolRoom& room);

} // namespace nomadic::proxy
