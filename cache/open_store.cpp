#include "cache/open_store.hpp"

#include "cache/sqlite/open.hpp"

#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nomadic::cache {

namespace {

Failure unusable(const std::string& data_dir, const std::string& why)
{
    return {.code = Errc::store_failed,
            .detail = "The data directory " + data_dir + " can't be used: " + why +
                      ". Make it writable for this user, or choose another with cache.data_dir.",
            .members = {}};
}

// Holds the directory for this process as long as the store lives: two daemons would evict under each other.
class DirectoryLock {
public:
    static Result<DirectoryLock> take(const std::string& data_dir)
    {
        const auto path = data_dir + "/lock";
        DirectoryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (lock.descriptor_ < 0)
            return unusable(data_dir, std::generic_category().message(errno));
        if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0)
            return Failure{.code = Errc::store_failed,
                           .detail = "The data directory " + data_dir +
                                     " is in use by another nomadic-cached. Stop "
                                     "it, or give this one another cache.data_dir.",
                           .members = {}};
        return lock;
    }
    explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
    DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    DirectoryLock& operator=(DirectoryLock&&) = delete;
    ~DirectoryLock()
    {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }

private:
    int descriptor_;
};

} // namespace

Result<OpenedStore> open_store(const std::string& data_dir, TimePoint now)
{
    namespace fs = std::filesystem;
    // Keys of users' work are in there: nobody else on the machine may read it, whatever the umask.
    ::umask(0077);
    std::error_code error;
    fs::create_directories(data_dir, error);
    if (error)
        return unusable(data_dir, error.message());
    fs::permissions(data_dir, fs::perms::owner_all, error);
    if (error)
        return unusable(data_dir, error.message());
    auto lock = DirectoryLock::take(data_dir);
    if (!lock)
        return lock.error();
    auto held = std::make_shared<DirectoryLock>(std::move(*lock));
    return sqlite::open(data_dir + "/cache.db", now, held);
}

} // namespace nomadic::cache
