#include "cache/sqlite/session.hpp"

#include <cstring>

namespace nomadic::cache::sqlite {

using std::chrono::milliseconds;

const std::string select_snapshot =
    "SELECT s.id, b.scope, b.batch_id, s.digest, s.fetched_at, s.validated_at, s.videos, s.approved, s.rejected, "
    "s.pending, s.invalid, s.other, s.bytes, s.review_status, b.stale, b.pinned, (SELECT count(*) FROM snapshot WHERE "
    "batch = b.id) "
    "FROM snapshot s JOIN batch b ON b.id = s.batch ";

const std::string is_published = "id > coalesce((SELECT last FROM staged WHERE first <= content.id "
                                 "ORDER BY first DESC LIMIT 1), 0)";

std::size_t end_of_run(std::span<const std::int64_t> ids, std::size_t first)
{
    auto next = first + 1;
    while (next < ids.size() && ids[next] == ids[next - 1] + 1)
        ++next;
    return next;
}

batch::Digest to_digest(std::string_view bytes)
{
    batch::Digest digest{};
    if (bytes.size() != digest.size())
        throw Damage("a digest has the wrong length");
    std::memcpy(digest.data(), bytes.data(), digest.size());
    return digest;
}

Snapshot to_snapshot(const Rows& rows)
{
    Snapshot snapshot;
    snapshot.id = rows.integer(0);
    snapshot.key = {{to_digest(rows.bytes(1))}, std::string(rows.bytes(2))};
    snapshot.digest = to_digest(rows.bytes(3));
    snapshot.fetched_at = from_milliseconds(rows.integer(4));
    snapshot.validated_at = from_milliseconds(rows.integer(5));
    snapshot.videos = static_cast<std::uint64_t>(rows.integer(6));
    for (int i = 0; i < static_cast<int>(batch::approval_count); ++i)
        snapshot.events[static_cast<std::size_t>(i)] = static_cast<std::uint64_t>(rows.integer(7 + i));
    snapshot.bytes = static_cast<std::uint64_t>(rows.integer(12));
    snapshot.review_status = rows.bytes(13);
    snapshot.stale = rows.integer(14) != 0;
    snapshot.pinned = rows.integer(15) != 0;
    snapshot.snapshots = static_cast<std::uint64_t>(rows.integer(16));
    return snapshot;
}

std::optional<std::int64_t> Session::batch_row(const Key& key)
{
    auto rows = database.query("SELECT id FROM batch WHERE scope = ? AND batch_id = ?", Blob(key.scope.id),
                               std::string_view(key.batch_id));
    if (!rows.next())
        return std::nullopt;
    return rows.integer(0);
}

std::optional<Snapshot> Session::newest(std::int64_t batch_row)
{
    auto rows = database.query(select_snapshot + "WHERE s.batch = ? ORDER BY s.id DESC LIMIT 1", batch_row);
    if (!rows.next())
        return std::nullopt;
    return to_snapshot(rows);
}

void Session::discard(std::int64_t batch_row)
{
    database.run("DELETE FROM snapshot WHERE batch = ?", batch_row);
    database.run("UPDATE batch SET scope = ?, batch_id = id WHERE id = ?", Blob(removed_scope().id), batch_row);
}

std::optional<std::vector<std::int64_t>> Session::contents(std::int64_t snapshot)
{
    auto rows = database.query("SELECT contents FROM snapshot WHERE id >= ?1 AND length(contents) > 0 AND "
                               "batch = (SELECT batch FROM snapshot WHERE id = ?1) ORDER BY id LIMIT 1",
                               snapshot);
    if (!rows.next())
        return std::nullopt;
    const auto packed = codec.decompress(rows.bytes(0));
    if (!packed || packed->size() % sizeof(std::int64_t) != 0)
        throw Damage("the list of videos of snapshot " + std::to_string(snapshot) + " is damaged");
    std::vector<std::int64_t> ids(packed->size() / sizeof(std::int64_t));
    if (!ids.empty())
        std::memcpy(ids.data(), packed->data(), packed->size());
    return ids;
}

std::unordered_set<std::int64_t> Session::contents_in_use(std::int64_t batch_row)
{
    std::vector<std::int64_t> snapshots;
    for (auto rows = database.query("SELECT id FROM snapshot WHERE batch = ? AND length(contents) > 0", batch_row);
         rows.next();)
        snapshots.push_back(rows.integer(0));
    std::unordered_set<std::int64_t> in_use;
    for (const auto snapshot : snapshots)
        if (const auto named = contents(snapshot))
            in_use.insert(named->begin(), named->end());
    return in_use;
}

void Session::drop_unreferenced(std::int64_t batch_row)
{
    const auto in_use = contents_in_use(batch_row);
    std::vector<std::int64_t> unreferenced;
    for (auto rows = database.query("SELECT id FROM content WHERE batch = ? AND " + is_published, batch_row);
         rows.next();)
        if (!in_use.contains(rows.integer(0)))
            unreferenced.push_back(rows.integer(0));
    for (const auto id : unreferenced)
        database.run("DELETE FROM content WHERE id = ?", id);
}

std::int64_t to_milliseconds(TimePoint time)
{
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

TimePoint from_milliseconds(std::int64_t count)
{
    return TimePoint(milliseconds(count));
}

Failure store_failure(std::string_view why)
{
    return {.code = Errc::store_failed, .detail = "The store failed: " + std::string(why) + ".", .members = {}};
}

Failure snapshot_gone(std::int64_t snapshot)
{
    return store_failure("snapshot " + std::to_string(snapshot) + " is not there any more");
}

Failure damage_failure(std::string_view what)
{
    auto failure = store_failure(what);
    failure.members["damaged"] = true;
    return failure;
}

Failure store_failure(const SqliteError& error)
{
    switch (error.code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return damage_failure(error.what());
    case SQLITE_READONLY:
        return store_failure("it is read-only, so nothing can be changed in it");
    case SQLITE_FULL:
        return store_failure("the disk is full. Free some space on it, or lower cache.disk_quota");
    default:
        return store_failure(std::string_view(error.what()));
    }
}

} // namespace nomadic::cache::sqlite
