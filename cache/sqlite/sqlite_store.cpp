#include "cache/sqlite/sqlite_store.hpp"

#include "cache/sqlite/backlog.hpp"

#include <cstring>

namespace nomadic::cache::sqlite {

SqliteStore::SqliteStore(const std::string& path, Database::Mode mode)
    : path_(path),
      writer_(std::make_shared<WriteSession>(path, mode)),
      readers_(path, mode == Database::Mode::read_write ? Database::Mode::read_only : mode)
{
    if (mode != Database::Mode::read_write)
        return;
    prepare_writer();
    // Where the disk is full, say, what is stored can be read all the same, and begin() tries again.
    const auto removed = guarded([this]() -> Result<void> {
        remove_leftovers();
        return {};
    });
    tidy_ = removed.has_value();
}

void SqliteStore::remove_leftovers()
{
    auto& database = writer_->session.database;
    database.run("DELETE FROM content WHERE id IN "
                 "(SELECT id FROM staged CROSS JOIN content ON id BETWEEN first AND last)");
    database.run("DELETE FROM staged");
    // A batch is used when it is committed: those never used may have nothing.
    database.run("DELETE FROM batch WHERE used_at = 0 AND NOT EXISTS (SELECT 1 FROM snapshot WHERE batch = batch.id)");
    std::vector<std::int64_t> passing;
    for (auto rows = database.query("SELECT id FROM batch WHERE scope = ?", Blob(passage_scope().id)); rows.next();)
        passing.push_back(rows.integer(0));
    for (const auto row : passing)
        writer_->session.discard(row);
}

void SqliteStore::prepare_writer()
{
    writer_->session.database.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                                     "PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864");
}

SqliteStore::~SqliteStore()
{
    const std::scoped_lock lock(writer_->mutex);
    // What can't be taken over now is at the next start.
    (void)guarded([&]() -> Result<void> {
        writer_->session.database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        return {};
    });
}

Result<std::unique_ptr<SnapshotWriter>> SqliteStore::begin(const Key& key)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<std::unique_ptr<SnapshotWriter>> {
        if (!tidy_)
            remove_leftovers();
        tidy_ = true;
        writer_->session.database.run("INSERT INTO batch(scope, batch_id) VALUES(?, ?) ON CONFLICT DO NOTHING",
                                      Blob(key.scope.id), std::string_view(key.batch_id));
        return std::make_unique<Writer>(writer_, readers_, key, writer_->session.batch_row(key).value());
    });
}

Result<std::optional<Snapshot>> SqliteStore::confirm(const Key& key, std::int64_t snapshot, TimePoint now)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<std::optional<Snapshot>> {
        auto& session = writer_->session;
        Transaction transaction(session.database, Transaction::Kind::write);
        const auto batch = session.batch_row(key);
        auto newest = batch ? session.newest(*batch) : std::nullopt;
        if (!newest || newest->id != snapshot || newest->stale)
            return std::optional<Snapshot>{};
        session.database.run("UPDATE snapshot SET validated_at = max(validated_at, ?) WHERE id = ?",
                             to_milliseconds(now), snapshot);
        newest = session.newest(*batch);
        transaction.commit();
        return newest;
    });
}

Result<void> SqliteStore::invalidate(const Key& key)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        writer_->session.database.run("UPDATE batch SET stale = 1 WHERE scope = ? AND batch_id = ?", Blob(key.scope.id),
                                      std::string_view(key.batch_id));
        return {};
    });
}

Result<void> SqliteStore::pin(const Key& key, bool pinned)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        writer_->session.database.run("UPDATE batch SET pinned = ? WHERE scope = ? AND batch_id = ?",
                                      std::int64_t{pinned}, Blob(key.scope.id), std::string_view(key.batch_id));
        return {};
    });
}

Result<bool> SqliteStore::purge(const Key& key)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<bool> {
        const auto row = writer_->session.batch_row(key);
        if (!row)
            return false;
        Transaction transaction(writer_->session.database, Transaction::Kind::write);
        writer_->session.discard(*row);
        transaction.commit();
        return true;
    });
}

Result<void> SqliteStore::remember(const batch::Digest& key_hash, const Principal& principal)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        writer_->session.database.run(
            "INSERT OR REPLACE INTO principal(key_hash, scope, kind, verified_at, label) VALUES(?, ?, ?, ?, ?)",
            Blob(key_hash), Blob(principal.scope.id), std::string_view(principal.kind),
            to_milliseconds(principal.verified_at), std::string_view(principal.label));
        return {};
    });
}

Result<void> SqliteStore::forget(const batch::Digest& key_hash)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        writer_->session.database.run("DELETE FROM principal WHERE key_hash = ?", Blob(key_hash));
        return {};
    });
}

Result<bool> SqliteStore::catch_up()
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<bool> { return sqlite::catch_up(writer_->session); });
}

Result<std::string> SqliteStore::install_secret()
{
    return guarded([&]() -> Result<std::string> {
        auto session = readers_.borrow();
        auto rows = session->database.query("SELECT value FROM meta WHERE name = 'install_secret'");
        if (!rows.next())
            throw Damage("the installation's secret is missing");
        return std::string(rows.bytes(0));
    });
}

} // namespace nomadic::cache::sqlite
