#include "daemon/hardening.hpp"

#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace nomadic::daemon {

void forbid_dumps()
{
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none); // cannot fail: lowering is always allowed
    ::prctl(PR_SET_DUMPABLE, 0);
}

void wipe_keys_from_environment()
{
    for (const char* name : {"NOMADICAI_API_KEY", "NOMADICML_API_KEY"}) {
        // The bytes themselves: unsetting a variable leaves them where /proc shows them.
        if (char* value = std::getenv(name); value != nullptr)
            ::explicit_bzero(value, std::strlen(value));
        ::unsetenv(name);
    }
}

} // namespace nomadic::daemon
