// What keeps the store within its bounds: trimming history, evicting batches, giving space back.

#include "cache/sqlite/sqlite_store.hpp"

#include <cstring>
#include <filesystem>

namespace nomadic::cache::sqlite {

namespace {

// Contents that no snapshot of the batch names any more, and that are not on their way in.
void drop_unreferenced(Session& session, std::int64_t batch_row)
{
    const auto referenced = session.contents_in_use(batch_row);
    std::vector<std::int64_t> unreferenced;
    for (auto rows = session.database.query(
             "SELECT id FROM content WHERE batch = ? AND id NOT IN (SELECT content FROM staged)", batch_row);
         rows.next();)
        if (!referenced.contains(rows.integer(0)))
            unreferenced.push_back(rows.integer(0));
    for (const auto id : unreferenced)
        session.database.run("DELETE FROM content WHERE id = ?", id);
}

struct Victim {
    std::int64_t row;
    Key key;
};

std::optional<Victim> least_recently_used(Database& database)
{
    auto rows = database.query("SELECT id, scope, batch_id FROM batch WHERE pinned = 0 AND "
                               "id IN (SELECT batch FROM snapshot) AND used_at < (SELECT max(used_at) FROM batch) "
                               "ORDER BY used_at LIMIT 1");
    if (!rows.next())
        return std::nullopt;
    Victim victim{rows.integer(0), {{}, std::string(rows.bytes(2))}};
    std::memcpy(victim.key.scope.id.data(), rows.bytes(1).data(),
                std::min(victim.key.scope.id.size(), rows.bytes(1).size()));
    return victim;
}

std::uint64_t live_bytes(Database& database)
{
    return static_cast<std::uint64_t>((database.pragma("page_count") - database.pragma("freelist_count")) *
                                      database.pragma("page_size"));
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
            drop_unreferenced(session, *batch);
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

Result<std::vector<Key>> SqliteStore::evict(std::uint64_t quota_bytes)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<std::vector<Key>> {
        auto& database = writer_->session.database;
        std::vector<Key> evicted;
        if (*disk_bytes() <= quota_bytes)
            return evicted;
        // Often it is only the log that has grown.
        database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        while (live_bytes(database) > quota_bytes) {
            const auto victim = least_recently_used(database);
            if (!victim)
                break;
            database.run("DELETE FROM batch WHERE id = ?", victim->row);
            evicted.push_back(victim->key);
        }
        if (!evicted.empty()) {
            database.run("PRAGMA incremental_vacuum");
            database.run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        return evicted;
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
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::error_code none;
        const auto size = std::filesystem::file_size(path_ + suffix, none);
        bytes += none ? 0 : size;
    }
    return bytes;
}

} // namespace nomadic::cache::sqlite
