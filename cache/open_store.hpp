#pragma once

// Opens the store of a data directory, whatever engine keeps it. At start, before the loop runs; blocks.

#include "cache/store.hpp"

namespace nomadic::cache {

struct OpenedStore {
    std::unique_ptr<Store> store;
    std::vector<std::string> notices; // what an operator should know, e.g. that a corrupt database was set aside
};

// Makes the directory (private to its owner) when it is missing. Fails with store_failed when the directory can't be
// used or another process uses it, and with store_newer when it belongs to a newer program. A corrupt database is set
// aside under a name that says so, and a fresh one begun.
Result<OpenedStore> open_store(const std::string& data_dir, TimePoint now);

// For reading alone, also while a daemon uses it: nothing is made, migrated or set aside, and nothing left behind.
// Errc::not_found when there is no store in the directory.
Result<std::unique_ptr<Store>> open_store_read_only(const std::string& data_dir);

} // namespace nomadic::cache
