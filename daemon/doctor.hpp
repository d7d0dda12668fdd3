#pragma once

// What `doctor` looks at and what it says: one finding for each thing that has to be right, with what to do if it is
// not.

#include "config/load.hpp"
#include "daemon/exit_status.hpp"

#include <string>
#include <vector>

namespace nomadic::daemon {

enum class Health { ok, unknown, problem }; // unknown: could not be looked at, because of something else

struct Finding {
    std::string subject; // "store", "tls"
    Health health = Health::ok;
    std::string detail;                   // what was seen
    std::string remedy;                   // what to do; "" when nothing
    ExitStatus exit_status = exit_failed; // of the command, when this is the first problem
};
using Findings = std::vector<Finding>;

Finding fine(std::string subject, std::string detail);
Finding unknown(std::string subject, std::string detail);
Finding problem(std::string subject, std::string detail, std::string remedy, ExitStatus exit_status = exit_failed);
Finding upstream_problem(std::string subject, std::string detail, std::string remedy);

// On this machine: permissions, files, addresses, the store, disk space. Changes nothing.
Findings examine_machine(const config::Settings& settings, const config::Environment& environment);
Finding examine_store(const std::string& data_dir);
Findings examine_addresses(const config::Server& settings);

// The way to the upstream and what it says: DNS, proxy, TLS, clock, key, dialect. Opens connections; blocks, but none
// of its steps takes longer than ten seconds.
Findings examine_upstream(const config::Settings& settings, const config::Environment& environment);

} // namespace nomadic::daemon
