#pragma once

// What `doctor` looks at and what it says: one finding for each thing that has to be right, with what to do if it is
// not.

#include "config/load.hpp"

#include <string>
#include <vector>

namespace nomadic::daemon {

enum class Health { ok, unknown, problem }; // unknown: could not be looked at, because of something else

struct Finding {
    std::string subject; // "store", "tls"
    Health health = Health::ok;
    std::string detail; // what was seen
    std::string remedy; // what to do; "" when nothing
};
using Findings = std::vector<Finding>;

// On this machine: permissions, ports, the store, disk space. Changes nothing.
Findings examine_machine(const config::Settings& settings, const config::Environment& environment);

// The way to the upstream and what it says: DNS, TLS, clock, key, dialect. Opens connections; blocks.
Findings examine_upstream(const config::Settings& settings, const config::Environment& environment);

} // namespace nomadic::daemon
