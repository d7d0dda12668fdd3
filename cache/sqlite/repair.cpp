// A database that turns out to be damaged while it is in use.

#include "cache/sqlite/open.hpp"
#include "cache/sqlite/schema.hpp"
#include "cache/sqlite/sqlite_store.hpp"

namespace nomadic::cache::sqlite {

namespace {

// Swapped rather than assigned: a connection can be closed only after its statements.
void replace(Database& used, Database other)
{
    std::swap(used, other);
}

// Whoever still holds the id of a snapshot in the old database must not find another batch's under it in the new one:
// ids go on from where no database has been yet, a million for each second.
void skip_used_ids(Database& fresh, TimePoint now, unsigned databases)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::int64_t first = (seconds + databases) << 20;
    for (const std::string_view table : {"snapshot", "content"})
        fresh.run("INSERT INTO sqlite_sequence(name, seq) VALUES(?, ?)", table, first);
}

} // namespace

Result<std::string> SqliteStore::begin_anew(TimePoint now)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<std::string> {
        const ReaderPool::Pause pause(readers_);
        // Renamed while it is still open: whoever closes the last connection removes the log by its name, which must
        // not be the new database's by then.
        auto aside = set_aside(path_, now);
        replace(writer_->session.database, Database(":memory:", Database::Mode::read_write));
        {
            Database fresh(path_, Database::Mode::read_write);
            migrate(fresh);
            skip_used_ids(fresh, now, writer_->databases);
        }
        replace(writer_->session.database, Database(path_, Database::Mode::read_write));
        ++writer_->databases;
        prepare_writer();
        tidy_ = true;
        return aside;
    });
}

} // namespace nomadic::cache::sqlite
