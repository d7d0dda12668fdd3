#pragma once

// The database's tables and how an older one becomes today's. docs/storage.md explains the layout.

#include "base/error.hpp"
#include "cache/sqlite/database.hpp"

namespace nomadic::cache::sqlite {

inline constexpr std::int64_t application_id = 0x4E4D4361;        // "NMCa": tells file(1), and us, whose database it is
inline constexpr std::int64_t bundle_application_id = 0x4E4D4362; // "NMCb": a bundle, which no daemon may write to
inline constexpr std::int64_t newest_version = 6;                 // PRAGMA user_version
inline constexpr std::int64_t oldest_readable_version = 4;        // of what is only read, as it stands
inline constexpr std::int64_t first_version_with_lengths = 6;

// A database of a newer program (Errc::store_newer) or of another program (Errc::store_failed) can't be used. Reads
// only.
Result<void> check_owner(Database& database, const std::string& path);

// Creates, or migrates forward, one transaction a version; the views become today's.
void migrate(Database& database);

} // namespace nomadic::cache::sqlite
