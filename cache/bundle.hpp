#pragma once

// Bundles: chosen batches in one file, to be carried to another machine, served there as they are or imported. A bundle
// is a database of the store's own format, with its own application id, and the SHA-256 of all of it at its end.
// Nothing here knows how a store keeps what it has. Blocks, for as long as the batches are large; any thread but the
// loop.

#include "cache/open_store.hpp"
#include "cache/store.hpp"

namespace nomadic::cache {

enum class States { newest, all };

// The batches with these ids (all, when there are none) in these scopes; of one that several scopes have, the newest.
// Errc::not_found names the first that none has.
Result<std::vector<Key>> find_batches(Store& store, std::span<const Scope> scopes, std::span<const std::string> ids);

// Writes the batches to `path`, readable by its owner alone. Whole or not at all: what was there before stays until all
// of it is on the disk. `path` is written anew when it exists.
Result<void> write_bundle(Store& from, std::span<const Key> batches, States states, const std::string& path);

// Merges the batches of a bundle into a scope, all or none of them. Of a batch that both have, the newer state becomes
// the newest.
Result<std::vector<Adopted>> import_bundle(const std::string& path, Store& to, const Scope& scope, TimePoint now);

// "added", "updated" or "kept".
std::string_view name_of(Adopted::Outcome outcome);

// Serves reads from the file as it is, which may stand where nothing can be written. Whatever would write fails.
Result<std::unique_ptr<Store>> open_bundle(const std::string& path);

// What is wrong with the file as a whole: not a bundle, cut, damaged, or of a newer program. Reads all of it.
Result<void> check_bundle(const std::string& path);

} // namespace nomadic::cache
