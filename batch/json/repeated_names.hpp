#pragma once

// What becomes of members of an object that share a name. Any thread.

#include "batch/json/value.hpp"

#include <vector>

namespace nomadic::batch::json {

// Of those from `first` on: as in a Python dict, the last value counts, at the place of the first.
void drop_repeated_names(std::vector<Member>& members, std::size_t first);

} // namespace nomadic::batch::json
