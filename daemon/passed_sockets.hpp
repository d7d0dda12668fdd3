#pragma once

// The listening sockets that systemd opened and passed to us (sd_listen_fds(3)). They replace what server.listen and
// server.unix_socket say, and stay open while the daemon restarts. Start only.

#include "config/load.hpp"

#include <span>

namespace nomadic::daemon {

// None when none were passed; a failure when one is no listening stream socket.
Result<std::vector<int>> passed_sockets();

// Puts the sockets' addresses in the place of the configured ones, and judges them as if they had been configured: a
// socket that other machines can reach needs tokens too.
Result<void> listen_on(std::span<const int> sockets, config::Settings& settings);

} // namespace nomadic::daemon
