// Reads all of the database and says what is not as it was written. Row by row, so that memory use does not grow with
// the store, and in short transactions, so that the log does not grow while it lasts.

#include "cache/sqlite/sqlite_store.hpp"

#include "batch/parse.hpp"
#include "cache/sqlite/description.hpp"
#include "cache/sqlite/pages.hpp"
#include "cache/sqlite/schema.hpp"

#include <cstring>

namespace nomadic::cache::sqlite {

namespace {

constexpr std::size_t most_findings = 1000;
constexpr std::int64_t rows_at_a_time = 64;

std::uint64_t unsigned_at(const Rows& rows, int column)
{
    return static_cast<std::uint64_t>(rows.integer(column));
}

class Check {
public:
    explicit Check(Session& session)
        : session_(session),
          rows_are_complete_(is_empty("backlog")),
          has_lengths_(session.database.pragma("user_version") >= first_version_with_lengths)
    {}

    std::vector<Finding> run()
    {
        look_at("the database", [this] { pages(); });
        look_at("content", [this] { each_row("content", [this](std::int64_t id) { content(id); }); });
        look_at("snapshot", [this] { each_row("snapshot", [this](std::int64_t id) { snapshot(id); }); });
        return std::move(findings_);
    }

private:
    bool is_empty(const std::string& table) { return !session_.database.query("SELECT 1 FROM " + table).next(); }

    void report(std::optional<Key> key, std::string what)
    {
        if (findings_.size() < most_findings)
            findings_.push_back({std::move(key), std::move(what)});
    }

    // What can't even be read is a finding, not the end.
    template <class Look>
    void look_at(const std::string& what, Look look)
    {
        try {
            look();
        } catch (const std::exception& error) {
            report({}, what + ": " + error.what());
        }
    }

    void pages()
    {
        for (auto rows = session_.database.query("PRAGMA integrity_check"); rows.next();)
            if (rows.bytes(0) != "ok")
                report({}, std::string(rows.bytes(0)));
    }

    // Row by row, by id.
    template <class Look>
    void each_row(const std::string& table, Look look)
    {
        std::vector<std::int64_t> ids;
        std::int64_t last = 0;
        do {
            ids.clear();
            for (auto rows = session_.database.query("SELECT id FROM " + table + " WHERE id > ? ORDER BY id LIMIT ?",
                                                     last, rows_at_a_time);
                 rows.next();)
                ids.push_back(last = rows.integer(0));
            for (const auto id : ids)
                look_at(table + " " + std::to_string(id), [&] { look(id); });
        } while (!ids.empty() && findings_.size() < most_findings);
    }

    std::optional<Key> owner(std::int64_t batch)
    {
        auto rows = session_.database.query("SELECT scope, batch_id FROM batch WHERE id = ?", batch);
        Key key;
        if (!rows.next() || rows.bytes(0).size() != key.scope.id.size())
            return std::nullopt;
        std::memcpy(key.scope.id.data(), rows.bytes(0).data(), key.scope.id.size());
        key.batch_id = rows.bytes(1);
        return key;
    }

    std::array<std::uint64_t, batch::approval_count> counted_rows(std::int64_t content)
    {
        std::array<std::uint64_t, batch::approval_count> counts{};
        for (auto rows = session_.database.query("SELECT approval, count(*) FROM event WHERE content = ? GROUP BY "
                                                 "approval",
                                                 content);
             rows.next();)
            if (const auto approval = unsigned_at(rows, 0); approval < counts.size())
                counts[approval] = unsigned_at(rows, 1);
        return counts;
    }

    // What is not there yet is not missed, nor compared what other renderers would have to say.
    bool has_right_lengths(std::int64_t content, const batch::VideoRecord& record)
    {
        auto rows = session_.database.query("SELECT packed FROM length WHERE content = ?", content);
        const auto described = describer_.describe(record).lengths;
        if (!rows.next())
            return !rows_are_complete_ || described.empty();
        return rows.bytes(0) == described || batch::are_of_other_renderers(rows.bytes(0));
    }

    void content(std::int64_t id)
    {
        auto rows = session_.database.query("SELECT approved, rejected, pending, invalid, other, bytes, digest, batch, "
                                            "video_id, record, source FROM content WHERE id = ?",
                                            id);
        if (!rows.next())
            return; // removed meanwhile
        const auto wrong = [&](const std::string& what) {
            report(owner(rows.integer(7)),
                   "content " + std::to_string(id) + " (video " + std::string(rows.bytes(8)) + "): " + what);
        };
        auto record = session_.codec.decode(rows.bytes(8), rows.bytes(9));
        if (!record)
            return wrong("the analysis does not decode");
        auto source = session_.codec.decode_source(rows.bytes(9), rows.bytes(10));
        if (!source)
            return wrong("upstream's item does not decode");
        record->source = std::move(*source);
        const auto digest = batch::digest_of(*record);
        if (rows.bytes(6) != std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()))
            return wrong("the digest is another");
        std::array<std::uint64_t, batch::approval_count> events{};
        for (const auto& span : record->spans)
            ++events[static_cast<std::size_t>(span.approval)];
        for (std::size_t i = 0; i < events.size(); ++i)
            if (events[i] != unsigned_at(rows, static_cast<int>(i)))
                return wrong("the counts by approval are others");
        if (rows_are_complete_ && counted_rows(id) != events)
            return wrong("the rows of its events are others");
        if (has_lengths_ && !has_right_lengths(id, *record))
            return wrong("the lengths of its parts are others");
        if (unsigned_at(rows, 5) != record->head.size() + record->events.size() + record->tail.size())
            wrong("the size is another");
    }

    void snapshot(std::int64_t id)
    {
        const Transaction transaction(session_.database, Transaction::Kind::read);
        auto rows = session_.database.query("SELECT batch FROM snapshot WHERE id = ?", id);
        if (!rows.next())
            return;
        const auto batch = rows.integer(0);
        const auto key = owner(batch);
        const auto wrong = [&](const std::string& what) {
            report(key, "snapshot " + std::to_string(id) + ": " + what);
        };
        if (!key)
            return wrong("its batch is missing");
        // Where it is the next state's as well, it is kept there only.
        auto told = session_.database.query("SELECT status, metadata FROM snapshot WHERE id >= ? AND batch = ? AND "
                                            "length(status) > 0 ORDER BY id LIMIT 1",
                                            id, batch);
        if (!told.next())
            return wrong("the status document is missing");
        auto status = session_.codec.decompress(told.bytes(0));
        const auto metadata = session_.codec.decompress(told.bytes(1));
        if (!status || !metadata)
            return wrong("the status document does not decode");
        const auto document = batch::parse_status(*status, key->batch_id);
        if (!document)
            return wrong(document.error().detail);
        compare(id, *document, *metadata, wrong);
    }

    template <class Wrong>
    void compare(std::int64_t id, const batch::StatusDocument& status, std::string_view metadata, const Wrong& wrong)
    {
        const auto contents = session_.contents(id).value();
        if (contents.size() != status.videos.size())
            return wrong("it has " + std::to_string(contents.size()) + " videos, its status document " +
                         std::to_string(status.videos.size()));
        const Past past(session_, id);
        const batch::Selection everything;
        const Reading reading{id, contents, past, everything, WithSource::yes};
        PageDecoder decoder(reading, session_.codec);
        Snapshot sum;
        std::string digests;
        for (std::size_t place = 0; place < contents.size(); ++place) {
            auto video = stored_video(session_, reading, place);
            if (video.video_id != status.videos[place].video_id)
                return wrong("content " + std::to_string(contents[place]) + " is of another video");
            if (past.differs(place))
                add_earlier(decoder.decode(std::move(video)), sum, digests);
            else
                add_stored(contents[place], sum, digests);
        }
        auto rows = session_.database.query(select_snapshot + "WHERE s.id = ?", id);
        if (!rows.next())
            return;
        const auto stored = to_snapshot(rows);
        if (stored.digest != batch::snapshot_digest(status.source, metadata, digests))
            return wrong("the digest is another");
        if (stored.videos != contents.size() || stored.events != sum.events || stored.bytes != sum.bytes)
            wrong("the counts are others");
    }

    // What a row of `content` says of itself, which has been compared with what it holds.
    void add_stored(std::int64_t content, Snapshot& sum, std::string& digests)
    {
        auto rows = session_.database.query(
            "SELECT approved, rejected, pending, invalid, other, bytes, digest FROM content WHERE id = ?", content);
        rows.next();
        for (std::size_t approval = 0; approval < sum.events.size(); ++approval)
            sum.events[approval] += unsigned_at(rows, static_cast<int>(approval));
        sum.bytes += unsigned_at(rows, 5);
        digests += rows.bytes(6);
    }

    static void add_earlier(const batch::VideoRecord& record, Snapshot& sum, std::string& digests)
    {
        for (const auto& span : record.spans)
            ++sum.events[static_cast<std::size_t>(span.approval)];
        sum.bytes += record.head.size() + record.events.size() + record.tail.size();
        const auto digest = batch::digest_of(record);
        digests.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    }

    Session& session_;
    bool rows_are_complete_; // an upgrade has nothing left to do
    bool has_lengths_;
    Describer describer_;
    std::vector<Finding> findings_;
};

} // namespace

Result<std::vector<Finding>> SqliteStore::check()
{
    return guarded([&]() -> Result<std::vector<Finding>> {
        auto session = readers_.borrow();
        return Check(*session).run();
    });
}

} // namespace nomadic::cache::sqlite
