#pragma once

// The document of GET /v1/batches/{id}/diff: two stored states of a batch, compared. Blocks on the store; a reader
// thread's.

#include "cache/store.hpp"

namespace nomadic::proxy {

Result<boost::json::object> difference(cache::Store& store, const cache::Snapshot& from, const cache::Snapshot& to);

} // namespace nomadic::proxy
