#pragma once

// What an upgrade leaves to be done: rows of `event` and `member` for what was stored by version 1, of `length` for
// what was before version 6. The table `backlog` says how far it has come, so that neither the start nor any one write
// waits for it.

#include "cache/sqlite/session.hpp"

namespace nomadic::cache::sqlite {

// One transaction of a few milliseconds. False when nothing is left.
bool catch_up(Session& session);

} // namespace nomadic::cache::sqlite
