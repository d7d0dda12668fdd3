#include "daemon/sd_notify.hpp"

#include <systemd/sd-daemon.h>

namespace nomadic::daemon {

void notify_ready()
{
    ::sd_notify(0, "READY=1\nSTATUS=Serving");
}

void notify_reloading()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch(); // CLOCK_MONOTONIC, as systemd asks for
    ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the configuration again",
                 static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void notify_stopping()
{
    ::sd_notify(0, "STOPPING=1\nSTATUS=Finishing requests under way");
}

void notify_alive()
{
    ::sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_interval()
{
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0)
        return std::nullopt;
    return std::chrono::microseconds(microseconds);
}

} // namespace nomadic::daemon
