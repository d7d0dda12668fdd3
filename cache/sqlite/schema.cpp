#include "cache/sqlite/schema.hpp"

#include "cache/sqlite/views.hpp"

#include <unistd.h>

#include <array>

namespace nomadic::cache::sqlite {

namespace {

// batch     what is cached, for whom.
// snapshot  one whole state of a batch; `contents` is its videos in order: packed 64-bit ids of `content`, zstd.
// content   one state of one video, shared by all snapshots in which the video is the same. The counts by approval come
//           before the blobs, so that a video no filter wants costs no blob.
// staged    contents of snapshots that are still coming in. What is left of them after a crash goes at the next start.
// principal who was behind a key, by the key's keyed hash.
constexpr const char* version_1 = R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE batch(
    id INTEGER PRIMARY KEY, scope BLOB NOT NULL, batch_id TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0, stale INTEGER NOT NULL DEFAULT 0,
    used_at INTEGER NOT NULL DEFAULT 0, UNIQUE(scope, batch_id));
CREATE TABLE snapshot(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
    digest BLOB NOT NULL, fetched_at INTEGER NOT NULL, validated_at INTEGER NOT NULL,
    videos INTEGER NOT NULL, approved INTEGER NOT NULL, rejected INTEGER NOT NULL, pending INTEGER NOT NULL,
    invalid INTEGER NOT NULL, other INTEGER NOT NULL, bytes INTEGER NOT NULL, review_status TEXT NOT NULL,
    changed INTEGER NOT NULL, status BLOB NOT NULL, metadata BLOB NOT NULL, contents BLOB NOT NULL);
CREATE INDEX snapshot_batch ON snapshot(batch);
CREATE TABLE content(
    id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
    video_id TEXT NOT NULL, digest BLOB NOT NULL, approved INTEGER NOT NULL, rejected INTEGER NOT NULL,
    pending INTEGER NOT NULL, invalid INTEGER NOT NULL, other INTEGER NOT NULL, bytes INTEGER NOT NULL,
    record BLOB NOT NULL, source BLOB NOT NULL);
CREATE INDEX content_batch_video ON content(batch, video_id);
CREATE INDEX content_video ON content(video_id);
CREATE TABLE staged(content INTEGER PRIMARY KEY REFERENCES content ON DELETE CASCADE);
CREATE TABLE principal(
    key_hash BLOB PRIMARY KEY, scope BLOB NOT NULL, kind TEXT NOT NULL, verified_at INTEGER NOT NULL,
    label TEXT NOT NULL) WITHOUT ROWID;
)";

// event     what narrowing, facets and the view `events` look at of each event of a content, in its order. Rows that
//           stand together are read together: they are clustered by content, and no other index has to be kept.
// member    the contents of each batch's newest snapshot, in the batch's order, for the view.
// backlog   what was stored before there were such rows, and still lacks them (backlog.hpp).
constexpr const char* version_2 = R"(
CREATE TABLE event(
    content INTEGER NOT NULL, position INTEGER NOT NULL, approval INTEGER NOT NULL, event_id TEXT NOT NULL,
    category TEXT NOT NULL, severity TEXT NOT NULL, label TEXT NOT NULL, t_start TEXT NOT NULL, t_end TEXT NOT NULL,
    confidence REAL, PRIMARY KEY(content, position)) WITHOUT ROWID;
CREATE TRIGGER content_gone AFTER DELETE ON content BEGIN DELETE FROM event WHERE content = old.id; END;
CREATE TABLE member(
    snapshot INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE, place INTEGER NOT NULL, content INTEGER NOT NULL,
    PRIMARY KEY(snapshot, place)) WITHOUT ROWID;
CREATE INDEX batch_used ON batch(used_at);
CREATE TABLE backlog(what TEXT PRIMARY KEY, next INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO backlog SELECT 'content', 1, max(id) FROM content HAVING max(id) IS NOT NULL;
INSERT INTO backlog SELECT 'batch', 1, max(id) FROM batch HAVING max(id) IS NOT NULL;
)";

// back      of a superseded snapshot: how it differs from the next (past.hpp). Its `contents` are empty then, and so
//           are `status` and `metadata` where they are the next one's.
// The rest: so that a write that names an analysis finds the batches that hold it. What was stored before has none: its
// batches are found by their own ids and those of their videos.
constexpr const char* version_3 = R"(
ALTER TABLE content ADD COLUMN analysis_id TEXT NOT NULL DEFAULT '';
CREATE INDEX batch_name ON batch(batch_id);
CREATE INDEX content_analysis ON content(analysis_id) WHERE analysis_id <> '';
ALTER TABLE snapshot ADD COLUMN back BLOB NOT NULL DEFAULT x'';
)";

// picture   what thumbnail URLs of a batch's events brought, by the digest of the URL without its signature.
constexpr const char* version_4 = R"(
CREATE TABLE picture(
    batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE, id BLOB NOT NULL, media_type TEXT NOT NULL,
    bytes BLOB NOT NULL, UNIQUE(batch, id));
)";

// Both list contents one by one no more but run by run: the videos of a chunk come in one behind the other.
// staged    the run that each transaction of a writer staged. Its ids never come again, whatever becomes of the run.
// member    `count` contents from `content` on, which stand one behind the other from `place` on.
constexpr const char* version_5 = R"(
DELETE FROM content WHERE id IN (SELECT content FROM staged);
DROP TABLE staged;
CREATE TABLE staged(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
ALTER TABLE member ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
)";

// length    how long the parts of a content are in answers (lengths.hpp), apart from it: a scan must not walk the pages
// of
//           the blobs. What was stored before gains its rows from the backlog.
constexpr const char* version_6 = R"(
CREATE TABLE length(content INTEGER PRIMARY KEY, packed BLOB NOT NULL);
DROP TRIGGER content_gone;
CREATE TRIGGER content_gone AFTER DELETE ON content BEGIN
    DELETE FROM event WHERE content = old.id;
    DELETE FROM length WHERE content = old.id;
END;
INSERT INTO backlog SELECT 'length', 1, max(id) FROM content HAVING max(id) IS NOT NULL;
)";

constexpr std::array migrations{version_1, version_2, version_3, version_4, version_5, version_6};
static_assert(migrations.size() == newest_version);

void create_install_secret(Database& database)
{
    std::array<unsigned char, 32> secret{};
    if (getentropy(secret.data(), secret.size()) != 0)
        throw std::runtime_error("the kernel gave no random bytes");
    database.run("INSERT OR IGNORE INTO meta(name, value) VALUES('install_secret', ?)", Blob(secret));
}

} // namespace

Result<void> check_owner(Database& database, const std::string& path)
{
    const auto version = database.pragma("user_version");
    const auto owner = database.pragma("application_id");
    if (owner != application_id && (owner != 0 || version != 0 || database.pragma("schema_version") != 0))
        return Failure{.code = Errc::store_failed,
                       .detail = path + " is a database of another program. Choose another cache.data_dir.",
                       .members = {}};
    if (version > newest_version)
        return Failure{.code = Errc::store_newer,
                       .detail = path + " was written by a newer nomadic-cached (format " + std::to_string(version) +
                                 ", this one knows " + std::to_string(newest_version) +
                                 "); it is untouched. Upgrade, or choose another cache.data_dir.",
                       .members = {}};
    return {};
}

void migrate(Database& database)
{
    const auto version = database.pragma("user_version");
    if (version == 0)
        database.script("PRAGMA auto_vacuum = INCREMENTAL"); // must come before the first table
    for (auto next = version; next < newest_version; ++next) {
        Transaction transaction(database, Transaction::Kind::write);
        database.script(migrations[static_cast<std::size_t>(next)]);
        create_install_secret(database);
        database.script("PRAGMA application_id = " + std::to_string(application_id) +
                        "; PRAGMA user_version = " + std::to_string(next + 1));
        transaction.commit();
    }
    renew_views(database);
}

} // namespace nomadic::cache::sqlite
