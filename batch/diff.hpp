#pragma once

// What changed between two snapshots of a batch. Events are matched within a video by `event_id` where there is one,
// else by the key documented in docs/analysis-model.md#event-identity. Pure, any thread.

#include "batch/batch.hpp"

#include <map>

namespace nomadic::batch {

struct EventChange {
    std::string video_id;
    std::string event_id; // "" when there is none
    std::string label;
    std::string from; // approvals for an approval change, the event's JSON else; "" for added
    std::string to;   // "" for removed
};

struct Diff {
    std::vector<EventChange> approvals, changed, added, removed;
    std::string metadata_from, metadata_to;           // JSON; equal when unchanged
    std::string review_status_from, review_status_to; // equal when unchanged

    bool empty() const;
};

// Records of one video; either may be null when the snapshot lacks the video.
void diff_video(const VideoRecord* from, const VideoRecord* to, Diff& into);
void diff_status(const StatusDocument& from, const StatusDocument& to, Diff& into);

std::string render_json(const Diff& diff, std::string_view from_id, std::string_view to_id);
std::string render_csv(const Diff& diff);

} // namespace nomadic::batch
