#include "cache/open_store.hpp"

#include "cache/sqlite/bundle.hpp"
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

// Makes the directory ours, as long as what is returned lives.
Result<std::shared_ptr<void>> take_directory(const std::string& data_dir)
{
    namespace fs = std::filesystem;
    // Keys of users' work are in there: nobody else on the machine may read it, whatever the umask.
    ::umask(0077);
    std::error_code error;
    fs::create_directories(data_dir, error);
    if (!error)
        fs::permissions(data_dir, fs::perms::owner_all, error);
    if (error)
        return unusable(data_dir, error.message());
    auto lock = DirectoryLock::take(data_dir);
    if (!lock)
        return lock.error();
    return std::shared_ptr<void>(std::make_shared<DirectoryLock>(std::move(*lock)));
}

// Of exports and imports that were killed.
void remove_leftovers(const std::string& data_dir)
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir, ignored)) {
        const auto name = entry.path().filename().string();
        if ((name.starts_with("export-") || name.starts_with("import-")) && name.find(".tmp") != std::string::npos)
            std::filesystem::remove(entry.path(), ignored);
    }
}

} // namespace

Result<std::unique_ptr<Store>> open_store_read_only(const std::string& data_dir)
{
    const auto path = data_dir + "/cache.db";
    std::error_code hidden;
    const bool is_there = std::filesystem::exists(path, hidden);
    if (hidden)
        return unusable(data_dir, hidden.message());
    if (!is_there)
        return Failure{.code = Errc::not_found,
                       .detail = "There is no store in " + data_dir +
                                 " yet. Name another with cache.data_dir, or the daemon to ask with --server.",
                       .members = {}};
    // Where nothing can be written, a database that was closed well needs nothing written either.
    const bool writable = ::access(data_dir.c_str(), W_OK) == 0 || std::filesystem::exists(path + "-wal");
    return sqlite::open_for_reading(path, writable ? sqlite::Writers::possible : sqlite::Writers::none);
}

Result<OpenedStore> open_store(const std::string& data_dir, TimePoint now)
{
    auto held = take_directory(data_dir);
    if (held) {
        remove_leftovers(data_dir);
        return sqlite::open(data_dir + "/cache.db", now, std::move(*held));
    }
    // What is there can be served all the same.
    std::error_code hidden;
    const bool is_there = std::filesystem::exists(data_dir + "/cache.db", hidden);
    if (!is_there || ::access(data_dir.c_str(), W_OK) == 0)
        return held.error();
    auto store = open_store_read_only(data_dir);
    if (!store)
        return store.error();
    return OpenedStore{
        .store = std::move(*store),
        .notices = {held.error().detail + " Until then what is stored is served, and nothing is added."}};
}

} // namespace nomadic::cache
