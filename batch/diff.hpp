#pragma once

// What changed between two states of a batch: whose approval, whose content, which events came and went. Any thread.
//
// An event is known, within its video, by its `event_id`; without one by its start, end, category and label. Neither
// has to be unique, and neither says anything of order: events of one identity are compared as a multiset. Those that
// are equal are taken off first, then those that differ in their approval alone, and what is left is paired in its
// order.

#include "batch/batch.hpp"
#include "batch/digest.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace nomadic::batch {

struct ApprovalChange {
    std::string video_id, event_id, label; // event_id "" when there is none
    std::string from, to;
};

struct EventReference {
    std::string video_id, event_id, label;
};

struct Difference {
    std::vector<ApprovalChange> approvals;
    std::vector<EventReference> changed, added, removed; // `changed`: anything but the approval
};

// Fed with the older state's records, then the newer's; holds a digest for each event of the older one.
class Differ {
public:
    void older(const VideoRecord& record);
    void newer(const VideoRecord& record);
    Difference finish();

private:
    struct Event {
        std::string identity, event_id, label, approval;
        Digest content{}; // of all but the approval
    };
    using Events = std::vector<Event>;

    static Events events_of(const VideoRecord& record);
    void compare(const std::string& video_id, const Events& before, const Events& after);

    std::vector<std::string> order_; // of the older state's videos
    std::unordered_map<std::string, Events> older_;
    std::unordered_set<std::string> compared_; // a batch may name a video twice
    Difference difference_;
};

} // namespace nomadic::batch
