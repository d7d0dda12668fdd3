#include "cache/examine_store.hpp"

#include "cache/sqlite/open.hpp"
#include "cache/sqlite/schema.hpp"
#include "cache/sqlite/session.hpp"

#include <filesystem>

namespace nomadic::cache {

namespace {

namespace fs = std::filesystem;
using namespace sqlite;

constexpr std::uintmax_t checked_whole = std::uintmax_t{512} << 20;

std::string first_damage(Database& database)
{
    auto rows = database.query("PRAGMA quick_check(1)");
    return rows.next() && rows.bytes(0) != "ok" ? std::string(rows.bytes(0)) : std::string{};
}

Result<StoreExamination> look_at(const std::string& path, Database::Mode mode)
{
    StoreExamination seen;
    seen.newest_version = newest_version;
    seen.bytes = fs::file_size(path);
    seen.every_page_checked = seen.bytes <= checked_whole;
    try {
        Database database(path, mode);
        if (auto ours = check_owner(database, path); !ours)
            return ours.error();
        seen.version = database.pragma("user_version");
        if (seen.every_page_checked)
            seen.damage = first_damage(database);
    } catch (const SqliteError& error) {
        if (!error.means_corruption())
            throw;
        seen.damage = error.what();
    }
    return seen;
}

} // namespace

Result<StoreExamination> examine_store(const std::string& data_dir)
{
    const auto path = data_dir + "/cache.db";
    std::error_code error;
    if (!fs::exists(path, error))
        return error ? store_failure(path + ": " + error.message())
                     : Failure{.code = Errc::not_found, .detail = path + " is not there.", .members = {}};
    return guarded([&]() -> Result<StoreExamination> {
        // Reading it in the usual way makes the files of a log, or writes to them.
        const auto mode = has_log(path) ? Database::Mode::read_only : Database::Mode::immutable;
        auto seen = look_at(path, mode);
        // Somebody may have begun to write under us.
        const bool doubtful = seen && !seen->damage.empty() && mode == Database::Mode::immutable;
        return doubtful && has_log(path) ? look_at(path, Database::Mode::read_only) : seen;
    });
}

} // namespace nomadic::cache
