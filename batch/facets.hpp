#pragma once

// How many events have each approval, category, severity and video. Any thread, one at a time.

#include "batch/filter.hpp"

#include <map>

namespace nomadic::batch {

class Facets {
public:
    void count(const EventFacts& event, std::string_view video_id);
    std::uint64_t events() const { return events_; }
    std::string json() const; // the document of GET /v1/batches/{id}/facets

private:
    using Counts = std::map<std::string, std::uint64_t, std::less<>>;
    static void count(std::string_view value, Counts& counts);
    static void write(std::string_view name, const Counts& counts, std::string& out);

    Counts approvals_, categories_, severities_, videos_;
    std::uint64_t events_ = 0;
};

} // namespace nomadic::batch
