#include "cache/sqlite/open.hpp"

#include "cache/sqlite/bundle.hpp"
#include "cache/sqlite/kept_store.hpp"
#include "cache/sqlite/schema.hpp"
#include "cache/sqlite/session.hpp"

#include <array>
#include <ctime>
#include <filesystem>

namespace nomadic::cache::sqlite {

namespace {

namespace fs = std::filesystem;

// Checking every page of a large database would make the start slower as the cache grows; its records carry checksums
// of their own, which are checked whenever they are read.
constexpr std::uintmax_t checked_at_start = std::uintmax_t{16} << 20;

// Empty when the file can be used; else what is wrong with it.
std::string corruption(const std::string& path)
{
    try {
        Database database(path, Database::Mode::read_only);
        database.pragma("schema_version");
        std::error_code error;
        const auto size = fs::file_size(path, error);
        if (error || size > checked_at_start)
            return {};
        auto rows = database.query("PRAGMA quick_check(1)");
        return rows.next() && rows.bytes(0) != "ok" ? std::string(rows.bytes(0)) : std::string{};
    } catch (const SqliteError& error) {
        if (error.means_corruption())
            return error.what();
        throw;
    }
}

} // namespace

std::string set_aside(const std::string& path, TimePoint now)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> stamp{};
    std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &parts);
    auto aside = path + ".corrupt-" + stamp.data();
    for (int repeat = 1; fs::exists(aside); ++repeat)
        aside = path + ".corrupt-" + stamp.data() + "-" + std::to_string(repeat);
    fs::rename(path, aside);
    for (const char* companion : {"-wal", "-shm"}) {
        std::error_code ignored; // there may be none
        fs::rename(path + companion, aside + companion, ignored);
    }
    return aside;
}

bool has_log(const std::string& path)
{
    std::error_code error; // there may be none
    const auto size = fs::file_size(path + "-wal", error);
    return !error && size > 0;
}

namespace {

std::string set_aside_for(const std::string& wrong, const std::string& path, TimePoint now)
{
    return "the database was corrupt (" + wrong + "); it was set aside as " + set_aside(path, now) +
           " and a fresh one begun";
}

Result<OpenedStore> open_to_write(const std::string& path, TimePoint now, std::shared_ptr<void> held)
{
    OpenedStore opened;
    if (fs::exists(path)) {
        if (const auto wrong = corruption(path); !wrong.empty()) {
            opened.notices.push_back(set_aside_for(wrong, path, now));
        } else {
            Database database(path, Database::Mode::read_only);
            if (auto ours = check_owner(database, path); !ours)
                return ours.error();
        }
    }
    {
        Database database(path, Database::Mode::read_write);
        migrate(database);
    }
    opened.store = std::make_unique<KeptStore>(std::move(held), path, Database::Mode::read_write);
    // Every scope depends on it: without it nothing would ever be found.
    if (const auto secret = opened.store->install_secret(); !secret && is_damage(secret.error()))
        throw Damage(secret.error().detail);
    return opened;
}

// What is corrupt beyond the pages that are checked beforehand.
Result<OpenedStore> open_afresh(const std::string& path, const std::string& wrong, TimePoint now,
                                std::shared_ptr<void> held)
{
    auto notice = set_aside_for(wrong, path, now);
    auto opened = open_to_write(path, now, std::move(held));
    if (opened)
        opened->notices.push_back(std::move(notice));
    return opened;
}

// SQLite needs files to work with, also for reading; without them what was closed well can be read all the same.
Result<OpenedStore> open_as_it_is(const std::string& path, const SqliteError& why, std::shared_ptr<void> held)
{
    if (auto readable = open_for_reading(path, Writers::none); !readable)
        return readable.error();
    OpenedStore opened;
    opened.store = std::make_unique<KeptStore>(std::move(held), path, Database::Mode::immutable);
    opened.notices.push_back(store_failure(why).detail +
                             " Until the daemon is started again with room on its disk, what is stored is served, and "
                             "nothing is added.");
    return opened;
}

} // namespace

Result<OpenedStore> open(const std::string& path, TimePoint now, std::shared_ptr<void> held)
{
    return guarded([&]() -> Result<OpenedStore> {
        try {
            return open_to_write(path, now, held);
        } catch (const Damage& damage) {
            return open_afresh(path, damage.what(), now, held);
        } catch (const SqliteError& error) {
            if (error.means_corruption())
                return open_afresh(path, error.what(), now, held);
            const bool has_stored = fs::exists(path) && fs::file_size(path) > 0 && !has_log(path);
            if (!error.means_failing_disk() || !has_stored)
                throw;
            return open_as_it_is(path, error, held);
        }
    });
}

} // namespace nomadic::cache::sqlite
