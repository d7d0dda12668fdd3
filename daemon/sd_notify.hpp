#pragma once

// Tells systemd how we are (sd_notify(3)); without it, nothing happens. Any thread.

namespace nomadic::daemon {

void notify_ready();
void notify_stopping();

} // namespace nomadic::daemon
