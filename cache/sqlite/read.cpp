#include "cache/sqlite/sqlite_store.hpp"

#include "batch/parse.hpp"
#include "cache/sqlite/pages.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

namespace nomadic::cache::sqlite {

namespace {

// Fewer videos than these are read before a thread would have begun.
constexpr std::size_t worth_a_thread = 200;

// Takes each page at once, on the thread that reads it.
class AtOnce final : public PageSink {
public:
    explicit AtOnce(const ReadAhead& work) : work_(work) {}
    bool give(Page page) override
    {
        work_.decode(page);
        return work_.consume(std::move(page));
    }

private:
    const ReadAhead& work_;
};

std::vector<Scope> scopes_in(Database& database)
{
    std::vector<Scope> scopes;
    for (auto rows = database.query("SELECT DISTINCT scope FROM batch WHERE scope NOT IN (?, ?)",
                                    Blob(passage_scope().id), Blob(removed_scope().id));
         rows.next();)
        std::memcpy(scopes.emplace_back().id.data(), rows.bytes(0).data(),
                    std::min(sizeof(batch::Digest), rows.bytes(0).size()));
    return scopes;
}

Principal to_principal(const Rows& rows, int first)
{
    Principal principal;
    std::memcpy(principal.scope.id.data(), rows.bytes(first).data(),
                std::min(principal.scope.id.size(), rows.bytes(first).size()));
    principal.kind = rows.bytes(first + 1);
    principal.verified_at = from_milliseconds(rows.integer(first + 2));
    principal.label = rows.bytes(first + 3);
    return principal;
}

} // namespace

Result<std::optional<Snapshot>> SqliteStore::find(const Key& key, const AsOf& as_of)
{
    return guarded([&]() -> Result<std::optional<Snapshot>> {
        auto session = readers_.borrow();
        const auto batch = session->batch_row(key);
        if (!batch)
            return std::optional<Snapshot>{};
        if (!as_of.snapshot && !as_of.time)
            return session->newest(*batch);
        auto rows =
            as_of.snapshot
                ? session->database.query(select_snapshot + "WHERE s.batch = ? AND s.id = ?", *batch, *as_of.snapshot)
                : session->database.query(select_snapshot +
                                              "WHERE s.batch = ? AND s.fetched_at <= ? ORDER BY s.id DESC LIMIT 1",
                                          *batch, to_milliseconds(*as_of.time));
        return rows.next() ? std::optional(to_snapshot(rows)) : std::nullopt;
    });
}

Result<std::optional<batch::StatusDocument>> SqliteStore::status(std::int64_t snapshot)
{
    return guarded([&]() -> Result<std::optional<batch::StatusDocument>> {
        auto session = readers_.borrow();
        // Where it is the next state's as well, it is kept there only.
        auto rows = session->database.query(
            "SELECT s.status, s.metadata, b.batch_id FROM snapshot s JOIN batch b ON b.id = s.batch WHERE s.id >= ?1 "
            "AND s.batch = (SELECT batch FROM snapshot WHERE id = ?1) AND length(s.status) > 0 ORDER BY s.id LIMIT 1",
            snapshot);
        if (!rows.next())
            return std::optional<batch::StatusDocument>{};
        auto source = session->codec.decompress(rows.bytes(0));
        auto metadata = session->codec.decompress(rows.bytes(1));
        if (!source || !metadata)
            throw Damage("the status document of batch " + std::string(rows.bytes(2)) + " is damaged");
        auto document = batch::parse_status(std::move(*source), rows.bytes(2));
        if (!document)
            return document.error();
        document->metadata_source = std::move(*metadata);
        return std::optional(std::move(*document));
    });
}

Result<void> SqliteStore::read(std::int64_t snapshot, const batch::Selection& selection, WithSource with_source,
                               const std::function<bool(const batch::VideoRecord&)>& each)
{
    const auto read = [&each](Session& session, const Reading& reading) -> Result<void> {
        Codec codec; // the session's is the reader's
        PageDecoder decoder_ahead(reading, session.codec), decoder(reading, codec);
        const ReadAhead work{
            .produce = [&](PageSink& sink) { PageReader(session, reading, sink).read(); },
            .decode_ahead = [&](Page& page) { decoder_ahead.decode(page); },
            .decode = [&](Page& page) { decoder.decode(page); },
            .consume =
                [&](Page page) {
                    return std::all_of(page.begin(), page.end(),
                                       [&](const auto& video) { return each(*video.record); });
                },
        };
        if (reading.contents.size() > worth_a_thread) {
            read_ahead(work);
        } else {
            AtOnce sink(work);
            work.produce(sink);
        }
        return {};
    };
    return with_reading(readers_, snapshot, selection, with_source, read);
}

Result<std::vector<std::optional<std::string>>> SqliteStore::sources(std::int64_t snapshot,
                                                                     std::span<const std::string> video_ids)
{
    using Sources = std::vector<std::optional<std::string>>;
    const auto read = [video_ids](Session& session, const Reading& reading) -> Result<Sources> {
        PageDecoder decoder(reading, session.codec);
        std::unordered_map<std::int64_t, std::size_t> places;
        for (std::size_t place = 0; place < reading.contents.size(); ++place)
            places.try_emplace(reading.contents[place], place);
        Sources sources;
        for (const auto& video_id : video_ids) {
            auto& source = sources.emplace_back();
            auto rows = session.database.query("SELECT id FROM content WHERE video_id = ?1 AND "
                                               "batch = (SELECT batch FROM snapshot WHERE id = ?2)",
                                               std::string_view(video_id), reading.snapshot);
            while (!source && rows.next())
                if (const auto place = places.find(rows.integer(0)); place != places.end())
                    source = decoder.decode(stored_video(session, reading, place->second)).source;
        }
        return sources;
    };
    return with_reading(readers_, snapshot, {}, WithSource::yes, read);
}

Result<std::vector<Snapshot>> SqliteStore::list(std::span<const Scope> scopes, std::string_view cursor,
                                                std::size_t limit)
{
    return guarded([&]() -> Result<std::vector<Snapshot>> {
        auto session = readers_.borrow();
        const auto wanted = scopes.empty() ? scopes_in(session->database) : std::vector(scopes.begin(), scopes.end());
        std::vector<Snapshot> found;
        for (const auto& scope : wanted) {
            auto rows =
                session->database.query(select_snapshot + "WHERE b.scope = ? AND b.batch_id > ? AND "
                                                          "s.id = (SELECT max(id) FROM snapshot WHERE batch = b.id) "
                                                          "ORDER BY b.batch_id LIMIT ?",
                                        Blob(scope.id), cursor, static_cast<std::int64_t>(limit));
            while (rows.next())
                found.push_back(to_snapshot(rows));
        }
        std::stable_sort(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.key.batch_id < b.key.batch_id; });
        if (found.size() > limit)
            found.resize(limit);
        return found;
    });
}

Result<std::vector<Scope>> SqliteStore::scopes()
{
    return guarded([&]() -> Result<std::vector<Scope>> {
        auto session = readers_.borrow();
        return scopes_in(session->database);
    });
}

Result<std::vector<Key>> SqliteStore::named_by(std::span<const std::string> names)
{
    return guarded([&]() -> Result<std::vector<Key>> {
        auto session = readers_.borrow();
        std::map<std::int64_t, Key> keys; // by row: two names may be of one batch
        for (const auto& name : names) {
            auto rows =
                session->database.query("SELECT id, scope, batch_id FROM batch WHERE batch_id = ?1 OR id IN "
                                        "(SELECT batch FROM content WHERE video_id = ?1 UNION "
                                        "SELECT batch FROM content WHERE analysis_id = ?1 AND analysis_id <> '')",
                                        std::string_view(name));
            while (rows.next())
                keys.try_emplace(rows.integer(0), Key{{to_digest(rows.bytes(1))}, std::string(rows.bytes(2))});
        }
        std::vector<Key> found;
        found.reserve(keys.size());
        for (auto& [row, key] : keys)
            found.push_back(std::move(key));
        return found;
    });
}

Result<std::vector<HistoryEntry>> SqliteStore::history(const Key& key)
{
    return guarded([&]() -> Result<std::vector<HistoryEntry>> {
        auto session = readers_.borrow();
        std::vector<HistoryEntry> entries;
        auto rows = session->database.query(
            "SELECT s.id, s.fetched_at, s.validated_at, s.approved + s.rejected + s.pending + s.invalid + s.other, "
            "s.changed FROM snapshot s JOIN batch b ON b.id = s.batch WHERE b.scope = ? AND b.batch_id = ? "
            "ORDER BY s.id DESC",
            Blob(key.scope.id), std::string_view(key.batch_id));
        while (rows.next())
            entries.push_back({.id = rows.integer(0),
                               .fetched_at = from_milliseconds(rows.integer(1)),
                               .validated_at = from_milliseconds(rows.integer(2)),
                               .events = static_cast<std::uint64_t>(rows.integer(3)),
                               .changed = static_cast<std::uint64_t>(rows.integer(4))});
        return entries;
    });
}

Result<std::optional<Principal>> SqliteStore::recall(const batch::Digest& key_hash)
{
    return guarded([&]() -> Result<std::optional<Principal>> {
        auto session = readers_.borrow();
        auto rows = session->database.query("SELECT scope, kind, verified_at, label FROM principal WHERE key_hash = ?",
                                            Blob(key_hash));
        return rows.next() ? std::optional(to_principal(rows, 0)) : std::nullopt;
    });
}

Result<std::vector<Principal>> SqliteStore::principals()
{
    return guarded([&]() -> Result<std::vector<Principal>> {
        auto session = readers_.borrow();
        std::vector<Principal> principals;
        for (auto rows = session->database.query("SELECT scope, kind, verified_at, label FROM principal"); rows.next();)
            principals.push_back(to_principal(rows, 0));
        return principals;
    });
}

} // namespace nomadic::cache::sqlite
