#include "cache/sqlite/bundle.hpp"

#include "cache/sqlite/kept_store.hpp"
#include "cache/sqlite/schema.hpp"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace nomadic::cache::sqlite {

namespace {

Failure unusable(const std::string& path, const std::string& why)
{
    return {.code = Errc::unprocessable,
            .detail = "The file " + path + " can't be used as a bundle: " + why + ".",
            .members = {}};
}

// Who may only read can't remove the log that reading needs, and would leave it there, empty. The last one who may
// write removes it when closing; while others have the database open, that is not this.
class LogRemoval {
public:
    explicit LogRemoval(std::string path) : path_(std::move(path)) {}
    LogRemoval(const LogRemoval&) = delete;
    LogRemoval& operator=(const LogRemoval&) = delete;
    ~LogRemoval()
    {
        // It does no harm where it can't be removed.
        (void)guarded([&]() -> Result<void> {
            Database(path_, Database::Mode::read_write).pragma("user_version");
            return {};
        });
    }

private:
    std::string path_;
};

} // namespace

Result<std::unique_ptr<Store>> begin_bundle(const std::string& path)
{
    // Made by us first: SQLite would make it readable to whomever the umask lets.
    const int made = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (made < 0)
        return Failure{.code = Errc::store_failed,
                       .detail = path + " can't be made: " + std::generic_category().message(errno) + ".",
                       .members = {}};
    ::close(made);
    return guarded([&]() -> Result<std::unique_ptr<Store>> {
        {
            Database database(path, Database::Mode::read_write);
            migrate(database);
        }
        return std::make_unique<SqliteStore>(path);
    });
}

Result<void> end_bundle(const std::string& path)
{
    return guarded([&]() -> Result<void> {
        Database database(path, Database::Mode::read_write);
        database.script("PRAGMA journal_mode = DELETE; PRAGMA application_id = " +
                        std::to_string(bundle_application_id));
        return {};
    });
}

Result<void> check_bundle_owner(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
        return Failure{.code = Errc::not_found,
                       .detail = "There is no file " + path + ". Name one that 'nomadic-cached export' wrote.",
                       .members = {}};
    if (::access(path.c_str(), R_OK) != 0)
        return unusable(path, std::generic_category().message(errno));
    try {
        Database database(path, Database::Mode::immutable);
        const auto owner = database.pragma("application_id");
        const auto version = database.pragma("user_version");
        if (owner == application_id)
            return unusable(path, "it is a store's own database. Export a bundle from it, or name its directory with "
                                  "cache.data_dir");
        if (owner != bundle_application_id)
            return unusable(path, "it is another program's database");
        if (version > newest_version)
            return Failure{.code = Errc::unprocessable,
                           .detail = "The bundle " + path + " was written by a newer nomadic-cached (format " +
                                     std::to_string(version) + ", this one knows " + std::to_string(newest_version) +
                                     "). Upgrade, or export it again with this version.",
                           .members = {}};
        if (version < oldest_readable_version)
            return unusable(path, "it was written by an older nomadic-cached (format " + std::to_string(version) +
                                      ", this one reads " + std::to_string(oldest_readable_version) +
                                      " and later). Export it again");
        return {};
    } catch (const SqliteError& refusal) {
        const bool damaged = (refusal.code & 0xFF) != SQLITE_NOTADB;
        return unusable(path, (damaged ? "it is damaged: " : "") + std::string(refusal.what()));
    } catch (const std::exception& damage) {
        return unusable(path, damage.what());
    }
}

Result<std::unique_ptr<Store>> open_for_reading(const std::string& path, Writers writers)
{
    return guarded([&]() -> Result<std::unique_ptr<Store>> {
        const auto mode = writers == Writers::none ? Database::Mode::immutable : Database::Mode::read_only;
        std::shared_ptr<void> afterwards;
        if (mode == Database::Mode::read_only && !std::filesystem::exists(path + "-wal"))
            afterwards = std::make_shared<LogRemoval>(path);
        Database database(path, mode);
        const auto version = database.pragma("user_version");
        if (database.pragma("application_id") != bundle_application_id)
            if (auto ours = check_owner(database, path); !ours)
                return ours.error();
        if (version < oldest_readable_version)
            return store_failure(path + " has an older format (" + std::to_string(version) + ", today's is " +
                                 std::to_string(newest_version) + "); starting the daemon once brings it up to date");
        return std::make_unique<KeptStore>(std::move(afterwards), path, mode);
    });
}

} // namespace nomadic::cache::sqlite
