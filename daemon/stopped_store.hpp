#pragma once

// For the commands that work with and without a running daemon: which of the two it is.

#include "config/load.hpp"
#include "daemon/client.hpp"

namespace nomadic::daemon {

// Whether a command means the data directory itself: one was named on the command line, and no daemon.
bool names_data_dir(const std::string& server, const config::Loaded& loaded);

// Whether to go on with the data directory: nobody answered where the daemon would be, and no other place was named.
bool nobody_answers(const std::string& server, const Result<Reply>& reply);

} // namespace nomadic::daemon
