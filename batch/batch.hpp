#pragma once

// The vocabulary of the domain: a batch of videos, the analysis of each, the events in it. Pure values; no I/O, clock,
// threads, HTTP or SQL here or in anything this room includes. Any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nomadic::batch {

// What reviewers say of an event. `other` is a text that is none of the four: such an event is kept, but no filter
// names it. An absent or null approval counts as pending.
enum class Approval : std::uint8_t { approved, rejected, pending, invalid, other };
inline constexpr std::size_t approval_count = 5;

std::string_view to_string(Approval approval);
std::optional<Approval> approval_from(std::string_view text); // exact, case-sensitive; never `other`

enum class BatchType { unknown, ask, agent };
std::string_view to_string(BatchType type);

// An entry of the status document's `videos`: which analysis belongs to a video, and how it went.
struct VideoPointer {
    std::string video_id;
    std::string analysis_id_json; // as JSON ("null" when absent): its type is upstream's affair
    std::string status;           // lower case, "" when absent
    std::string last_error_json;  // as JSON; "" when absent or false to Python
};

// The parts of a status document that the rules need, beside the document itself.
struct StatusDocument {
    std::string source; // byte for byte as upstream sent it
    std::string batch_id;
    std::string status; // lower case
    BatchType type = BatchType::unknown;
    bool action_segmentation = false; // config.custom_workflow_name is robotic-action-segmentation
    std::string review_status;        // text, "" when null or absent
    bool lists_videos = false;        // the document has them: include_videos=false leaves them out
    std::vector<VideoPointer> videos; // in the document's order, entries without an id skipped, repeats kept
    // Dialect B has no analyses; what it promised as batch_metadata stands here, "" for dialect A.
    std::string metadata_source;

    bool completed() const { return status == "completed"; }
};

// Where one event's JSON lies within VideoRecord::events.
struct EventSpan {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    Approval approval = Approval::pending;

    friend bool operator==(const EventSpan&, const EventSpan&) = default;
};

// One video of a batch, normalised by the rules of docs/analysis-model.md: `head` + events joined by ',' + `tail` is
// the video's entry of `results`. A video without an analysis has no events and its `error` in the tail.
struct VideoRecord {
    std::string video_id;
    std::string source; // the bulk item as upstream sent it; "" when upstream had none, or spoke dialect B
    std::string head;   // ends with `"events":[`
    std::string tail;   // begins with `]`
    std::string events; // each event's canonical JSON, one behind the other, without separators
    std::vector<EventSpan> spans;

    std::string_view event(std::size_t i) const
    {
        return std::string_view(events).substr(spans[i].offset, spans[i].length);
    }
    friend bool operator==(const VideoRecord&, const VideoRecord&) = default;
};

} // namespace nomadic::batch
