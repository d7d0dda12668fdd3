#include "cache/sqlite/open.hpp"

#include "cache/sqlite/kept_store.hpp"
#include "cache/sqlite/schema.hpp"

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

Result<OpenedStore> open(const std::string& path, TimePoint now, std::shared_ptr<void> held)
{
    return guarded([&]() -> Result<OpenedStore> {
        OpenedStore opened;
        if (fs::exists(path)) {
            if (const auto wrong = corruption(path); !wrong.empty()) {
                opened.notices.push_back("the database was corrupt (" + wrong + "); it was set aside as " +
                                         set_aside(path, now) + " and a fresh one begun");
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
        return opened;
    });
}

} // namespace nomadic::cache::sqlite
