#pragma once

// Tells systemd how we are (sd_notify(3)); without it, nothing happens. Any thread.

#include <chrono>
#include <optional>

namespace nomadic::daemon {

void notify_ready();
void notify_reloading(); // until the next notify_ready()
void notify_stopping();

void notify_alive();
// How often notify_alive() is expected (WatchdogSec=); nothing when it is not.
std::optional<std::chrono::microseconds> watchdog_interval();

} // namespace nomadic::daemon
