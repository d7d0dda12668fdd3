// What keeps the store within its bounds: trimming history, evicting batches, giving space back.

#include "cache/sqlite/sqlite_store.hpp"

#include <cstring>
#include <filesystem>

namespace nomadic::cache::sqlite {

namespace {

// What a step may remove or give back: little enough that whoever wants to write next does not notice, and that the
// log, in which pages that move are written first, stays small.
constexpr std::int64_t rows_a_step = 200;
constexpr int pages_a_step = 128;

struct Victim {
    std::int64_t row;
    Key key;
};

std::optional<Victim> least_recently_used(Database& database)
{
    auto rows = database.query("SELECT id, scope, batch_id FROM batch WHERE pinned = 0 AND scope NOT IN (?, ?) AND "
                               "id IN (SELECT batch FROM snapshot) AND used_at < (SELECT max(used_at) FROM batch WHERE "
                               "id IN (SELECT batch FROM snapshot)) ORDER BY used_at LIMIT 1",
                               Blob(passage_scope().id), Blob(removed_scope().id));
    if (!rows.next())
        return std::nullopt;
    Victim victim{rows.integer(0), {{}, std::string(rows.bytes(2))}};
    std::memcpy(victim.key.scope.id.data(), rows.bytes(1).data(),
                std::min(victim.key.scope.id.size(), rows.bytes(1).size()));
    return victim;
}

// Some rows of a removed batch. False when there is none left.
bool remove_some(Database& database)
{
    auto rows = database.query("SELECT id FROM batch WHERE scope = ? LIMIT 1", Blob(removed_scope().id));
    if (!rows.next())
        return false;
    const auto row = rows.integer(0);
    Transaction transaction(database, Transaction::Kind::write);
    const int removed =
        database.run("DELETE FROM content WHERE id IN (SELECT id FROM content WHERE batch = ? LIMIT ?)", row,
                     rows_a_step) +
        database.run("DELETE FROM picture WHERE rowid IN (SELECT rowid FROM picture WHERE batch = ? LIMIT ?)", row,
                     rows_a_step);
    if (removed == 0)
        database.run("DELETE FROM batch WHERE id = ?", row);
    transaction.commit();
    return true;
}

// That could be given back at once.
std::uint64_t free_bytes(Database& database)
{
    return static_cast<std::uint64_t>(database.pragma("freelist_count") * database.pragma("page_size"));
}

} // namespace

Result<void> SqliteStore::trim_history(const Key& key, std::uint32_t keep, TimePoint oldest)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        auto& session = writer_->session;
        const auto batch = session.batch_row(key);
        if (!batch)
            return {};
        Transaction transaction(session.database, Transaction::Kind::write);
        const int removed = session.database.run(
            // An earlier state is told from the next (past.hpp), so that none goes before those that are older.
            "DELETE FROM snapshot WHERE batch = ?1 AND id <= (SELECT max(id) FROM snapshot WHERE batch = ?1 AND "
            "id <> (SELECT max(id) FROM snapshot WHERE batch = ?1) AND (validated_at < ?3 OR "
            "id NOT IN (SELECT id FROM snapshot WHERE batch = ?1 ORDER BY id DESC LIMIT ?2)))",
            *batch, static_cast<std::int64_t>(keep), to_milliseconds(oldest));
        if (removed > 0)
            session.drop_unreferenced(*batch);
        transaction.commit();
        return {};
    });
}

Result<void> SqliteStore::used(std::span<const std::pair<Key, TimePoint>> reads)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        Transaction transaction(writer_->session.database, Transaction::Kind::write);
        for (const auto& [key, time] : reads)
            writer_->session.database.run("UPDATE batch SET used_at = max(used_at, ?) WHERE scope = ? AND batch_id = ?",
                                          to_milliseconds(time), Blob(key.scope.id), std::string_view(key.batch_id));
        transaction.commit();
        return {};
    });
}

Result<Eviction> SqliteStore::evict(std::uint64_t quota_bytes)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<Eviction> {
        auto& session = writer_->session;
        auto& database = session.database;
        // Often it is only the log that has grown, as it does by what is removed.
        if (*disk_bytes() > quota_bytes)
            database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        if (remove_some(database))
            return Eviction{.gone = {}, .more = true};
        if (*disk_bytes() <= quota_bytes)
            return Eviction{};
        const auto free = free_bytes(database);
        if (*disk_bytes() > quota_bytes + free) {
            const auto victim = least_recently_used(database);
            if (!victim)
                return Eviction{};
            Transaction transaction(database, Transaction::Kind::write);
            session.discard(victim->row);
            transaction.commit();
            return Eviction{.gone = victim->key, .more = true};
        }
        if (free == 0 || *disk_bytes() <= quota_bytes)
            return Eviction{};
        database.run("PRAGMA incremental_vacuum(" + std::to_string(pages_a_step) + ")");
        database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        return Eviction{.gone = {}, .more = true};
    });
}

Result<std::uint64_t> SqliteStore::free_disk_bytes()
{
    std::error_code error;
    const auto space = std::filesystem::space(path_, error);
    return error ? Result<std::uint64_t>(store_failure(error.message())) : std::uint64_t{space.available};
}

Result<std::uint64_t> SqliteStore::disk_bytes()
{
    std::uint64_t bytes = 0;
    // The log twice: what is in it has yet to be copied into the database, which may grow by as much.
    for (const char* suffix : {"", "-wal", "-wal", "-shm"}) {
        std::error_code none;
        const auto size = std::filesystem::file_size(path_ + suffix, none);
        bytes += none ? 0 : size;
    }
    return bytes;
}

} // namespace nomadic::cache::sqlite
