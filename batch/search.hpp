#pragma once

// Whether an event mentions one of several texts (`q`), whatever their case. One thread at a time.

#include "batch/filter.hpp"

namespace nomadic::batch {

class Search {
public:
    explicit Search(const std::vector<std::string>& texts);

    bool any() const { return !texts_.empty(); } // whether there is something to look for
    bool finds_in(std::string_view text);
    // In the AI analysis of an event.
    bool finds_in_analysis(std::string_view event_json);

private:
    bool may_be_in_analysis(std::string_view event_json);

    std::vector<std::string> texts_; // folded
    bool stand_in_json_;             // as they are, without escapes
    std::string room_;
    EventFactsReader reader_;
};

} // namespace nomadic::batch
