#include "cache/sqlite/sqlite_store.hpp"

#include <cstring>

namespace nomadic::cache::sqlite {

Result<void> SqliteStore::put_picture(const Key& key, const Picture& picture)
{
    const std::scoped_lock lock(writer_->mutex);
    return guarded([&]() -> Result<void> {
        const auto batch = writer_->session.batch_row(key);
        if (!batch)
            return store_failure("batch " + key.batch_id + " is not stored, so it has no pictures");
        writer_->session.database.run("INSERT OR REPLACE INTO picture(batch, id, media_type, bytes) "
                                      "VALUES(?, ?, ?, ?)",
                                      *batch, Blob(picture.id), std::string_view(picture.media_type),
                                      as_blob(picture.bytes));
        return {};
    });
}

Result<std::optional<Picture>> SqliteStore::picture(const Key& key, const batch::Digest& id)
{
    return guarded([&]() -> Result<std::optional<Picture>> {
        auto session = readers_.borrow();
        auto rows =
            session->database.query("SELECT p.media_type, p.bytes FROM picture p JOIN batch b ON b.id = p.batch "
                                    "WHERE b.scope = ? AND b.batch_id = ? AND p.id = ?",
                                    Blob(key.scope.id), std::string_view(key.batch_id), Blob(id));
        if (!rows.next())
            return std::optional<Picture>{};
        return std::optional(Picture{id, std::string(rows.bytes(0)), std::string(rows.bytes(1))});
    });
}

Result<std::vector<batch::Digest>> SqliteStore::pictures(const Key& key)
{
    return guarded([&]() -> Result<std::vector<batch::Digest>> {
        auto session = readers_.borrow();
        auto rows = session->database.query("SELECT p.id FROM picture p JOIN batch b ON b.id = p.batch "
                                            "WHERE b.scope = ? AND b.batch_id = ? ORDER BY p.id",
                                            Blob(key.scope.id), std::string_view(key.batch_id));
        std::vector<batch::Digest> ids;
        while (rows.next())
            if (rows.bytes(0).size() == sizeof(batch::Digest))
                std::memcpy(ids.emplace_back().data(), rows.bytes(0).data(), sizeof(batch::Digest));
        return ids;
    });
}

} // namespace nomadic::cache::sqlite
