#include "daemon/descriptors.hpp"

#include "base/log.hpp"

#include <cerrno>
#include <string>
#include <sys/resource.h>
#include <system_error>

namespace nomadic::daemon {

void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log::warn("the limit of open files stays as it is", {{"error", std::generic_category().message(errno)}});
}

} // namespace nomadic::daemon
