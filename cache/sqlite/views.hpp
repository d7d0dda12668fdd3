#pragma once

// The views `batches` and `events`, for people with an SQLite tool: docs/storage.md describes their columns. They hold
// no data, so another text of theirs is no other version of the format: whoever opens a database for writing brings
// them up to date, and whoever reads it never looks at them.

#include "cache/sqlite/database.hpp"

namespace nomadic::cache::sqlite {

void renew_views(Database& database);

} // namespace nomadic::cache::sqlite
