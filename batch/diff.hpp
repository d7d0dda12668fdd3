#pragma once

// What changed between two states of a batch: whose approval, whose content, which events came and went. An event is
// known by its `event_id`; without one by its start, end, category and label, and among equals by its place. Any
// thread.

#include "batch/batch.hpp"

#include <map>
#include <string>
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
        std::string event_id, label, approval;
        std::string content; // a digest of all but the approval
    };
    using Key = std::pair<std::string, std::string>; // video id, identity

    template <class Each>
    void each_event(const VideoRecord& record, Each each);

    std::map<Key, Event> older_;
    Difference difference_;
};

} // namespace nomadic::batch
