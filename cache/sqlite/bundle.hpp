#pragma once

// Databases that stand for themselves: a bundle being written, and files that are only read. cache/bundle.hpp says what
// a bundle is.

#include "cache/store.hpp"

namespace nomadic::cache::sqlite {

// An empty bundle to be filled; `path` must not exist. Once the store is gone, end_bundle() makes it one file.
Result<std::unique_ptr<Store>> begin_bundle(const std::string& path);
Result<void> end_bundle(const std::string& path);

// Fails, in a sentence, unless the file is a bundle that this program can read. Reads its header only.
Result<void> check_bundle_owner(const std::string& path);

enum class Writers { none, possible }; // none: the file can't change, so it needs no locks and no log
// A bundle, or a store's database of today's format.
Result<std::unique_ptr<Store>> open_for_reading(const std::string& path, Writers writers);

} // namespace nomadic::cache::sqlite
