#pragma once

// What every Prometheus client says of its process: process_cpu_seconds_total, process_resident_memory_bytes and so on.
// Reads /proc/self: not for the loop thread.

#include "proxy/http/exposition.hpp"

namespace nomadic::proxy {

struct ProcessUsage {
    double cpu_seconds = 0;
    double start_time = 0; // seconds since 1970
    double resident_bytes = 0, virtual_bytes = 0;
    double open_descriptors = 0, most_descriptors = 0;
    double threads = 0;
};

ProcessUsage process_usage();
void expose(const ProcessUsage& usage, Exposition& exposition);

} // namespace nomadic::proxy
