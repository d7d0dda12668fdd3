#pragma once

// All that a running daemon lists at /v1/batches, page by page.

#include "daemon/client.hpp"

#include <boost/json/object.hpp>

#include <functional>

namespace nomadic::daemon {

// Calls `each` with the summary of every batch, by id. Returns the reply that was no success, if there was one.
Result<std::optional<Reply>> for_each_listed(const Client& client,
                                             const std::function<void(const boost::json::object&)>& each);

} // namespace nomadic::daemon
