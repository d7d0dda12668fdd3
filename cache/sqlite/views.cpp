#include "cache/sqlite/views.hpp"

#include "cache/key.hpp"

#include <array>

namespace nomadic::cache::sqlite {

namespace {

struct View {
    std::string name;
    std::string text;
};

// What is being imported is nobody's yet, and may be a part of what it will be.
std::string is_somebodys()
{
    return "b.scope <> x'" + batch::to_hex(passage_scope().id) + "'";
}

View batches()
{
    return {"batches", R"(CREATE VIEW batches AS
SELECT b.batch_id, lower(hex(b.scope)) AS scope, s.id AS snapshot, 'completed' AS status,
       nullif(s.review_status, '') AS review_status, s.videos,
       s.approved + s.rejected + s.pending + s.invalid + s.other AS events,
       s.approved, s.rejected, s.pending, s.invalid, s.other, s.bytes,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.fetched_at / 1000.0, 'unixepoch') AS fetched_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.validated_at / 1000.0, 'unixepoch') AS validated_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', b.used_at / 1000.0, 'unixepoch') AS used_at,
       b.pinned, b.stale, (SELECT count(*) FROM snapshot WHERE batch = b.id) AS snapshots
FROM batch b JOIN snapshot s ON s.id = (SELECT max(id) FROM snapshot WHERE batch = b.id)
WHERE )" + is_somebodys()};
}

// While rows of events are still filled in behind, a batch might show some of its events only: so it shows none.
View events()
{
    return {"events", R"(CREATE VIEW events AS
SELECT b.batch_id, c.video_id, nullif(e.event_id, '') AS event_id,
       CASE e.approval WHEN 0 THEN 'approved' WHEN 1 THEN 'rejected' WHEN 2 THEN 'pending' WHEN 3 THEN 'invalid'
                       ELSE 'other' END AS approval,
       e.category, e.severity, e.label, e.t_start, e.t_end, e.confidence, lower(hex(b.scope)) AS scope
FROM batch b JOIN member m ON m.snapshot = (SELECT max(id) FROM snapshot WHERE batch = b.id)
     JOIN content c ON c.id BETWEEN m.content AND m.content + m.count - 1 CROSS JOIN event e
WHERE e.content = c.id AND NOT EXISTS (SELECT 1 FROM backlog WHERE what = 'content') AND )" +
                          is_somebodys()};
}

bool is_there(Database& database, const View& view)
{
    auto rows = database.query("SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ? AND sql = ?",
                               std::string_view(view.name), std::string_view(view.text));
    return rows.next();
}

} // namespace

void renew_views(Database& database)
{
    for (const auto& view : std::array{batches(), events()}) {
        if (is_there(database, view))
            continue;
        Transaction transaction(database, Transaction::Kind::write);
        database.script("DROP VIEW IF EXISTS " + view.name + "; " + view.text);
        transaction.commit();
    }
}

} // namespace nomadic::cache::sqlite
