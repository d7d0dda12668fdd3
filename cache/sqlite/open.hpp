#pragma once

#include "cache/open_store.hpp"

namespace nomadic::cache::sqlite {

// `held` goes once the store is closed.
Result<OpenedStore> open(const std::string& path, TimePoint now, std::shared_ptr<void> held);

// A database's log has something in it while somebody writes, or was killed writing.
bool has_log(const std::string& path);

// Gives a database a name that says that it is corrupt, and when that was found.
std::string set_aside(const std::string& path, TimePoint now);

} // namespace nomadic::cache::sqlite
