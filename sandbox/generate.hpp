#pragma once

// The documents of a sandbox batch, made from its plan, a seed and what reviewers have done since: the same every time.
// Pure, any thread.

#include "sandbox/plan.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <utility>

namespace nomadic::sandbox {

// What was changed since: by (video, event).
struct Review {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> approvals;
    std::string review_status; // "" for the plan's own
    boost::json::object metadata;
};

struct Generator {
    std::uint64_t seed = 1;
    std::string thumbnail_base = "https://storage.example"; // of the pictures that events point to

    boost::json::object status(const Plan& plan, std::string_view batch_status, const Review& review) const;
    // An item of `analyses`, or nothing for the few videos that upstream lost the analysis of.
    std::optional<boost::json::object> item(const Plan& plan, std::uint32_t video, const Review& review) const;
};

} // namespace nomadic::sandbox
