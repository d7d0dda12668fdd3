#include "daemon/exit_status.hpp"

namespace nomadic::daemon {

ExitStatus exit_status_of(Errc code)
{
    return code == Errc::invalid_configuration ? exit_usage : exit_failed;
}

ExitStatus exit_status_of_problem(unsigned http_status, bool offline_miss)
{
    if (offline_miss)
        return exit_offline_miss;
    switch (http_status) {
    case 400:
    case 422:
        return exit_usage;
    case 404:
        return exit_not_found;
    case 502:
    case 503:
    case 504:
        return exit_upstream;
    default:
        return exit_failed;
    }
}

} // namespace nomadic::daemon
