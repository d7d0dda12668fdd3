#pragma once

// Earlier states of a batch cost what changed: a state that has been superseded is kept as a step back from the next
// (`snapshot.back`), a patch for each video that differs. A state that differs too much keeps its contents as they are.
// Within one transaction, one thread at a time.

#include "cache/sqlite/session.hpp"

#include <unordered_map>

namespace nomadic::cache::sqlite {

// `older` has just been superseded by `newer`.
void keep_as_step_back(Session& session, std::int64_t batch_row, std::int64_t older, std::int64_t newer);

// What leads back to a snapshot from the contents that Session::contents() gives for it.
class Past {
public:
    Past(Session& session, std::int64_t snapshot);

    bool any() const { return !steps_.empty(); }
    // Whether the video at this place of the batch was another then.
    bool differs(std::size_t place) const { return steps_.contains(place); }
    // Its source only where there is one. Throws Damage when they do not fit.
    void take_back(std::size_t place, PlainRecord& plain) const;

private:
    struct Step {
        std::string_view record, source; // patches
    };
    void read_step(std::string_view back);

    std::vector<std::string> backs_;
    std::unordered_map<std::size_t, std::vector<Step>> steps_; // by place; the one to apply last stands first
};

} // namespace nomadic::cache::sqlite
