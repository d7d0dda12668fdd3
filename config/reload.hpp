#pragma once

// What changes while the daemon runs and what needs a restart, told key by key. Pure, any thread.

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace nomadic::config {

struct Reloaded {
    std::vector<std::string> changed;      // setting names: in effect from now on
    std::vector<std::string> need_restart; // setting names: they differ from what runs, and stay as they were
};

// Takes from `next` what can change into `running`.
Reloaded reload(Settings& running, Settings next);

} // namespace nomadic::config
