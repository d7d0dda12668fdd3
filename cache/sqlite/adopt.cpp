// Batches that come from another store: they wait in the scope of passage until all are there, then move in one
// transaction.

#include "cache/sqlite/sqlite_store.hpp"

namespace nomadic::cache::sqlite {

namespace {

void take_pictures(Database& database, std::int64_t from, std::int64_t to)
{
    database.run("UPDATE OR REPLACE picture SET batch = ? WHERE batch = ?", to, from);
}

// Those that the batch has had by then itself stay behind. An earlier state is told from the next (past.hpp), so that
// none goes before those that are older; the newest never.
void move_states(Session& session, std::int64_t from, std::int64_t to, std::int64_t newer_than)
{
    auto& database = session.database;
    database.run("DELETE FROM snapshot WHERE batch = ?1 AND id <= (SELECT max(id) FROM snapshot WHERE batch = ?1 AND "
                 "fetched_at <= ?2 AND id < (SELECT max(id) FROM snapshot WHERE batch = ?1))",
                 from, newer_than);
    session.drop_unreferenced(from);
    database.run("UPDATE content SET batch = ? WHERE batch = ?", to, from);
    database.run("UPDATE snapshot SET batch = ? WHERE batch = ?", to, from);
    database.run("UPDATE batch SET stale = max(stale, (SELECT stale FROM batch WHERE id = ?)) WHERE id = ?", from, to);
    take_pictures(database, from, to);
    database.run("DELETE FROM batch WHERE id = ?", from); // nothing is left in it
}

// Whether all that has arrived was written after the batch's own newest state, so that it can follow it.
bool came_later(Database& database, std::int64_t arrived_row, const Snapshot& own)
{
    return !database.query("SELECT 1 FROM snapshot WHERE batch = ? AND id < ?", arrived_row, own.id).next();
}

Adopted::Outcome settle(Session& session, std::int64_t arrived_row, const Snapshot& arrived, const Key& key)
{
    auto& database = session.database;
    const auto row = session.batch_row(key);
    if (!row) {
        database.run("UPDATE batch SET scope = ? WHERE id = ?", Blob(key.scope.id), arrived_row);
        return Adopted::Outcome::added;
    }
    const auto own = session.newest(*row);
    if (!own) { // a fetch of it is under way
        move_states(session, arrived_row, *row, 0);
        return Adopted::Outcome::added;
    }
    const bool newer = arrived.validated_at > own->validated_at;
    // What was fetched while this import was under way is upstream's word of just now, whatever the clocks say.
    if (newer && arrived.digest != own->digest && came_later(database, arrived_row, *own)) {
        move_states(session, arrived_row, *row, to_milliseconds(own->fetched_at));
        return Adopted::Outcome::updated;
    }
    if (newer && arrived.digest == own->digest)
        database.run("UPDATE snapshot SET validated_at = ? WHERE id = ?", to_milliseconds(arrived.validated_at),
                     own->id);
    take_pictures(database, arrived_row, *row);
    session.discard(arrived_row);
    return Adopted::Outcome::kept;
}

} // namespace

Result<void> SqliteStore::set_validated(std::int64_t snapshot, TimePoint time)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        writer_->session.database.run("UPDATE snapshot SET validated_at = ? WHERE id = ?", to_milliseconds(time),
                                      snapshot);
        return {};
    });
}

Result<std::vector<Adopted>> SqliteStore::adopt(std::span<const Key> arrived, const Scope& to)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<std::vector<Adopted>> {
        auto& session = writer_->session;
        std::vector<Adopted> adopted;
        Transaction transaction(session.database, Transaction::Kind::write);
        for (const auto& key : arrived) {
            const auto row = session.batch_row(key);
            const auto newest = row ? session.newest(*row) : std::nullopt;
            if (!newest)
                return store_failure("batch " + key.batch_id + " was removed while it was being imported");
            adopted.push_back({key.batch_id, settle(session, *row, *newest, {to, key.batch_id})});
        }
        transaction.commit();
        return adopted;
    });
}

} // namespace nomadic::cache::sqlite
