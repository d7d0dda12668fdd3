#pragma once

// Looks at the store of a data directory, in use or not, for whoever wants to know whether it is well. Changes nothing.
// Blocks.

#include "base/error.hpp"

#include <cstdint>
#include <string>

namespace nomadic::cache {

struct StoreExamination {
    std::int64_t version = 0; // of its format; 0 while it is empty
    std::int64_t newest_version = 0;
    std::uint64_t bytes = 0;
    std::string damage;             // "" when none was seen
    bool every_page_checked = true; // not of a large one, which would take long
};

// Errc::not_found when there is no store yet, store_newer or store_failed when this program can't use it: it belongs to
// a newer one or to another, or may not be read.
Result<StoreExamination> examine_store(const std::string& data_dir);

} // namespace nomadic::cache
