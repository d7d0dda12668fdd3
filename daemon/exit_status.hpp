#pragma once

// What a command's exit status says; a part of the interface, documented in the man page.

#include "base/error.hpp"

namespace nomadic::daemon {

enum ExitStatus : int {
    exit_done = 0,
    exit_failed = 1,
    exit_usage = 2, // of the command line or the configuration
    exit_not_found = 3,
    exit_upstream = 4,
    exit_offline_miss = 5,
};

ExitStatus exit_status_of(Errc code);

// What a problem document says, as far as the exit status goes by it.
struct Problem {
    unsigned status = 0;
    bool offline_miss = false;
    bool of_upstream = false; // the upstream's own refusal is passed on
};
ExitStatus exit_status_of(const Problem& problem);

} // namespace nomadic::daemon
