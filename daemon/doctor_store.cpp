#include "daemon/doctor.hpp"

#include "cache/examine_store.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

namespace nomadic::daemon {

namespace {

constexpr const char* subject = "store";

Finding unusable(const Failure& failure)
{
    switch (failure.code) {
    case Errc::not_found:
        return fine(subject, "there is none yet: the first start makes it");
    case Errc::store_newer:
        return problem(subject, failure.detail, "Install that version again, or choose another with cache.data_dir.");
    default:
        return problem(subject, failure.detail, "Check its owner and permissions, or choose another cache.data_dir.");
    }
}

std::string format_of(const cache::StoreExamination& seen)
{
    if (seen.version == 0)
        return "empty: the next start fills it";
    const auto version = "version " + std::to_string(seen.version);
    return seen.version == seen.newest_version
               ? version
               : version + " (the next start brings it to " + std::to_string(seen.newest_version) + ")";
}

} // namespace

Finding examine_store(const std::string& data_dir)
{
    const auto seen = cache::examine_store(data_dir);
    if (!seen)
        return unusable(seen.error());
    const auto path = data_dir + "/cache.db";
    if (!seen->damage.empty())
        return problem(
            subject, path + " is damaged: " + seen->damage,
            "Stop the daemon, move it away with its -wal and -shm, and start again: batches are fetched anew "
            "as they are read. Then check the disk.");
    struct statvfs volume {};
    if (::statvfs(path.c_str(), &volume) == 0 && (volume.f_flag & ST_RDONLY) != 0)
        return problem(subject, path + " is on a file system that is mounted read-only: nothing new will be stored",
                       "Mount it for writing (dmesg says why it is not), or choose another cache.data_dir.");
    if (::access(path.c_str(), W_OK) != 0)
        return problem(subject, path + " may not be written by this user: nothing new will be stored",
                       "Run as its owner, or make it writable for this user.");
    return fine(subject, path + ", " + format_of(*seen) + ", " + std::to_string(seen->bytes >> 20U) + " MiB; " +
                             (seen->every_page_checked ? "every page is sound"
                                                       : "too large to be read here: 'nomadic-cached verify' does"));
}

} // namespace nomadic::daemon
