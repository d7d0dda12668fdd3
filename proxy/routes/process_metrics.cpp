#include "proxy/routes/process_metrics.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace nomadic::proxy {

namespace {

// Counted from the field after the program's name, which may hold spaces (proc(5), /proc/pid/stat: state is 3).
std::vector<double> stat_fields()
{
    std::ifstream file("/proc/self/stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::istringstream rest(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::string state;
    rest >> state;
    std::vector<double> fields(4, 0.0); // so that an index is proc(5)'s own number
    for (double field = 0; rest >> field;)
        fields.push_back(field);
    fields.resize(std::max<std::size_t>(fields.size(), 53));
    return fields;
}

double seconds_since_boot()
{
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

} // namespace

ProcessUsage process_usage()
{
    enum Field : std::size_t { utime = 14, stime = 15, num_threads = 20, starttime = 22, vsize = 23, rss = 24 };
    const auto stat = stat_fields();
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    ProcessUsage usage{
        .cpu_seconds = (stat.at(utime) + stat.at(stime)) / ticks,
        .start_time = static_cast<double>(std::time(nullptr)) - (seconds_since_boot() - stat.at(starttime) / ticks),
        .resident_bytes = stat.at(rss) * static_cast<double>(::sysconf(_SC_PAGESIZE)),
        .virtual_bytes = stat.at(vsize),
        .threads = stat.at(num_threads),
    };
    std::error_code ignored; // then there are none to be seen
    using Entries = std::filesystem::directory_iterator;
    usage.open_descriptors = static_cast<double>(std::distance(Entries("/proc/self/fd", ignored), Entries()));
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        usage.most_descriptors = static_cast<double>(limit.rlim_cur);
    return usage;
}

void expose(const ProcessUsage& usage, Exposition& exposition)
{
    exposition.counter("process_cpu_seconds_total", "User and system CPU time spent");
    exposition.sample(usage.cpu_seconds);
    exposition.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970");
    exposition.sample(usage.start_time);
    exposition.gauge("process_resident_memory_bytes", "Resident memory");
    exposition.sample(usage.resident_bytes);
    exposition.gauge("process_virtual_memory_bytes", "Virtual memory");
    exposition.sample(usage.virtual_bytes);
    exposition.gauge("process_open_fds", "Open file descriptors");
    exposition.sample(usage.open_descriptors);
    exposition.gauge("process_max_fds", "Most file descriptors that may be open");
    exposition.sample(usage.most_descriptors);
    exposition.gauge("process_threads", "Threads");
    exposition.sample(usage.threads);
}

} // namespace nomadic::proxy
