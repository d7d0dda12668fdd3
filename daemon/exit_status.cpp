#include "daemon/exit_status.hpp"

namespace nomadic::daemon {

ExitStatus exit_status_of(Errc code)
{
    return code == Errc::invalid_configuration ? exit_usage : exit_failed;
}

ExitStatus exit_status_of(const Problem& problem)
{
    if (problem.offline_miss)
        return exit_offline_miss;
    switch (problem.status) {
    case 400:
    case 422:
        return exit_usage;
    case 401: // the daemon wants a token or a key that is not configured
        return problem.of_upstream ? exit_upstream : exit_usage;
    case 403:
        return problem.of_upstream ? exit_upstream : exit_failed;
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
