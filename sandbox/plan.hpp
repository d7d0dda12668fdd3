#pragma once

// A sandbox batch is what its id says it is, so there is nothing to configure and nothing to keep:
//   [running-N-|failed-|private-USER-]KIND-VIDEOS-EVENTS-VARIANT     e.g. ask-120-900-1, running-3-agent-10-40-7
// KIND is ask, agent or segmentation. A running batch completes after N status requests; a private one is USER's alone.
// Pure, any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nomadic::sandbox {

enum class Kind { ask, agent, segmentation };

struct Plan {
    std::string batch_id;
    Kind kind = Kind::ask;
    std::uint32_t videos = 0;
    std::uint32_t events = 0; // of the whole batch
    std::uint32_t variant = 0;
    std::uint32_t polls_until_completed = 0;
    bool failed = false;
    std::string owner; // "" for everybody's

    std::uint32_t events_of(std::uint32_t video) const; // spread over the videos
    std::string video_id(std::uint32_t video) const;
    std::optional<std::uint32_t> video_index(std::string_view video_id) const;
};

std::optional<Plan> parse_plan(std::string_view batch_id);

} // namespace nomadic::sandbox
