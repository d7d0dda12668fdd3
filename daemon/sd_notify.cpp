#include "daemon/sd_notify.hpp"

#include <systemd/sd-daemon.h>

namespace nomadic::daemon {

void notify_ready()
{
    ::sd_notify(0, "READY=1\nSTATUS=Serving");
}

void notify_stopping()
{
    ::sd_notify(0, "STOPPING=1\nSTATUS=Finishing requests under way");
}

} // namespace nomadic::daemon
