#pragma once

// How many events have each approval, category, severity and video. Any thread, one at a time.

#include "batch/filter.hpp"

#include <array>
#include <unordered_map>

namespace nomadic::batch {

class Facets {
public:
    void count(const EventValues& event);
    void count_video(std::string_view video_id, std::uint64_t events); // as many as have been counted of it
    std::uint64_t events() const;
    std::string json() const; // the document of GET /v1/batches/{id}/facets

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    using Counts = std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>>;
    static void add(std::string_view value, std::uint64_t events, Counts& counts);
    static void write(std::string_view name, const Counts& counts, std::string& out);

    std::array<std::uint64_t, approval_count> approvals_{};
    Counts categories_, severities_, videos_;
};

} // namespace nomadic::batch
