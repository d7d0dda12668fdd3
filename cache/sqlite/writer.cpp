#include "cache/sqlite/writer.hpp"

#include "cache/sqlite/events.hpp"
#include "cache/sqlite/lengths.hpp"
#include "cache/sqlite/past.hpp"

namespace nomadic::cache::sqlite {

namespace {

std::int64_t signed_of(std::uint64_t count)
{
    return static_cast<std::int64_t>(count);
}

const std::string insert_content =
    "INSERT INTO content(batch, video_id, digest, approved, rejected, pending, invalid, other, bytes, record, source, "
    "analysis_id) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

} // namespace

Writer::Writer(std::shared_ptr<WriteSession> shared, ReaderPool& readers, Key key, std::int64_t batch_row)
    : shared_(std::move(shared)),
      readers_(readers),
      key_(std::move(key)),
      batch_row_(batch_row),
      database_(shared_->databases)
{}

Writer::~Writer()
{
    if (committed_)
        return;
    const std::scoped_lock lock(shared_->mutex);
    try {
        require_same_database();
        // In one transaction: one for each row would write the log full with the same pages.
        Transaction transaction(shared_->session.database, Transaction::Kind::write);
        drop_staged();
        transaction.commit();
    } catch (const std::exception&) {
        // What is left is invisible, and removed at the next start: nothing to tell anybody about.
        contents_.clear();
    }
}

struct Writer::Items final : EncodedRecords {
    std::vector<Item> items;
};

Result<std::unique_ptr<EncodedRecords>> Writer::encode(std::vector<batch::VideoRecord> records)
{
    return guarded([&]() -> Result<std::unique_ptr<EncodedRecords>> {
        auto encoded = std::make_unique<Items>();
        encoded->items.reserve(records.size());
        for (const auto& record : records)
            encoded->items.push_back({.video_id = record.video_id, .content = describe(record)});
        auto session = readers_.borrow();
        // What is there already need not be compressed.
        const auto there = published(session->database, encoded->items);
        Describer describer;
        for (std::size_t i = 0; i < there.size(); ++i) {
            const auto record = std::exchange(records[i], {}); // goes as soon as it is no longer needed
            if (there[i])
                continue;
            encoded->items[i].blobs = session->codec.encode(record);
            encoded->items[i].description = describer.describe(record);
        }
        return encoded;
    });
}

Result<void> Writer::add(std::unique_ptr<EncodedRecords> records)
{
    const std::scoped_lock lock(shared_->mutex);
    return guarded([&]() -> Result<void> {
        require_same_database();
        auto& items = static_cast<Items&>(*records).items;
        auto& database = shared_->session.database;
        auto insert = database.statement(insert_content);
        EventInserter events(database);
        LengthInserter lengths(database);
        std::optional<Run> run;
        Transaction transaction(database, Transaction::Kind::write);
        for (auto& item : items) {
            if (item.blobs.record.empty()) {
                const auto same = published(database, item);
                if (!same)
                    throw std::runtime_error("batch " + key_.batch_id + " was removed while it was being fetched");
                item.content.id = *same;
            } else {
                item.content.id = stage(item, insert);
                item.content.staged = true;
                events.insert(item.content.id, item.description.events);
                lengths.insert(item.content.id, item.description.lengths);
                run = Run{run ? run->first : item.content.id, item.content.id};
            }
        }
        events.finish();
        lengths.finish();
        if (run)
            database.run("INSERT INTO staged(first, last) VALUES(?, ?)", run->first, run->last);
        transaction.commit();
        if (run)
            runs_.push_back(*run);
        for (const auto& item : items)
            contents_.insert_or_assign(item.video_id, item.content);
        return {};
    });
}

void Writer::require_same_database() const
{
    if (shared_->databases != database_)
        throw std::runtime_error("its database was found damaged, and another begun");
}

Writer::Content Writer::describe(const batch::VideoRecord& record)
{
    Content content;
    content.digest = batch::digest_of(record);
    for (const auto& span : record.spans)
        ++content.events[static_cast<std::size_t>(span.approval)];
    content.bytes = record.head.size() + record.events.size() + record.tail.size();
    return content;
}

// Only what is in a published snapshot may be shared: what another writer has staged may vanish with it.
std::optional<std::int64_t> Writer::published(Database& database, const Item& item) const
{
    auto rows =
        database.query("SELECT id FROM content WHERE batch = ? AND video_id = ? AND digest = ? AND " + is_published,
                       batch_row_, std::string_view(item.video_id), Blob(item.content.digest));
    if (!rows.next())
        return std::nullopt;
    return rows.integer(0);
}

// In one transaction: to lock the file and let it go again costs more than a lookup.
std::vector<bool> Writer::published(Database& database, const std::vector<Item>& items) const
{
    std::vector<bool> there;
    there.reserve(items.size());
    const Transaction transaction(database, Transaction::Kind::read);
    for (const auto& item : items)
        there.push_back(published(database, item).has_value());
    return there;
}

std::int64_t Writer::stage(const Item& item, Statement& insert) const
{
    const auto& events = item.content.events;
    insert.run(batch_row_, std::string_view(item.video_id), Blob(item.content.digest), signed_of(events[0]),
               signed_of(events[1]), signed_of(events[2]), signed_of(events[3]), signed_of(events[4]),
               signed_of(item.content.bytes), as_blob(item.blobs.record), as_blob(item.blobs.source),
               std::string_view(item.description.analysis_id));
    return shared_->session.database.last_insert_id();
}

Result<Snapshot> Writer::commit(const batch::StatusDocument& status, TimePoint now)
{
    const std::scoped_lock lock(shared_->mutex);
    return guarded([&]() -> Result<Snapshot> {
        // Staging may be lost with the power; a published snapshot may not, so this one commit waits for the disk, and
        // takes along what the write-ahead log holds before it.
        auto& database = shared_->session.database;
        database.run("PRAGMA synchronous = FULL");
        auto published = guarded([&]() -> Result<Snapshot> { return publish(status, now); });
        database.run("PRAGMA synchronous = NORMAL");
        committed_ = published.has_value();
        return published;
    });
}

Snapshot Writer::publish(const batch::StatusDocument& status, TimePoint now)
{
    auto& session = shared_->session;
    require_same_database();
    std::vector<std::int64_t> contents;
    Snapshot snapshot = assemble(status, contents);
    snapshot.fetched_at = snapshot.validated_at = from_milliseconds(to_milliseconds(now));

    Transaction transaction(session.database, Transaction::Kind::write);
    require_all_there();
    const auto before = session.newest(batch_row_);
    session.database.run("UPDATE batch SET stale = 0, used_at = max(used_at, ?) WHERE id = ?", to_milliseconds(now),
                         batch_row_);
    if (before && before->digest == snapshot.digest) {
        session.database.run("UPDATE snapshot SET validated_at = max(validated_at, ?) WHERE id = ?",
                             to_milliseconds(now), before->id);
        drop_staged();
    } else {
        std::uint64_t changed = 0;
        for (const auto& [video_id, content] : contents_)
            changed += content.staged ? 1U : 0U;
        insert(snapshot, status, contents, changed);
        unstage();
        if (staged_count() > changed) // a video came twice, and its first content is nobody's
            session.drop_unreferenced(batch_row_);
        if (before)
            keep_as_step_back(session, batch_row_, before->id, session.newest(batch_row_)->id);
    }
    auto stored = session.newest(batch_row_);
    transaction.commit();
    return *stored;
}

// The order and the repeats are the status document's; so are the counts of a video that is in it twice.
Snapshot Writer::assemble(const batch::StatusDocument& status, std::vector<std::int64_t>& contents) const
{
    Snapshot snapshot;
    snapshot.review_status = status.review_status;
    std::string digests;
    for (const auto& pointer : status.videos) {
        const auto found = contents_.find(pointer.video_id);
        if (found == contents_.end())
            throw std::logic_error("video " + pointer.video_id + " was never added");
        const auto& content = found->second;
        contents.push_back(content.id);
        digests.append(reinterpret_cast<const char*>(content.digest.data()), content.digest.size());
        ++snapshot.videos;
        snapshot.bytes += content.bytes;
        for (std::size_t i = 0; i < content.events.size(); ++i)
            snapshot.events[i] += content.events[i];
    }
    snapshot.digest = batch::snapshot_digest(status.source, status.metadata_source, digests);
    return snapshot;
}

// The batch may have been purged, or its history trimmed, while this snapshot was coming in.
void Writer::require_all_there()
{
    const bool all = shared_->session.batch_row(key_) == batch_row_ && staged_is_there() && shared_is_there();
    if (!all)
        throw std::runtime_error("batch " + key_.batch_id + " was removed while it was being fetched");
}

// What is staged goes with the batch only, whose row another may have taken since; its ids never come again.
bool Writer::staged_is_there()
{
    auto& database = shared_->session.database;
    return std::all_of(runs_.begin(), runs_.end(), [&](const Run& run) {
        return database.query("SELECT 1 FROM content WHERE id = ? AND batch = ?", run.first, batch_row_).next();
    });
}

bool Writer::shared_is_there()
{
    std::vector<std::int64_t> shared;
    for (const auto& [video_id, content] : contents_)
        if (!content.staged)
            shared.push_back(content.id);
    if (shared.empty())
        return true;
    // From the index on the videos of batches: to look up each content would read a page for each.
    std::vector<std::int64_t> there;
    for (auto rows = shared_->session.database.query("SELECT id FROM content WHERE batch = ?", batch_row_);
         rows.next();)
        there.push_back(rows.integer(0));
    std::sort(there.begin(), there.end());
    return std::all_of(shared.begin(), shared.end(),
                       [&](std::int64_t content) { return std::binary_search(there.begin(), there.end(), content); });
}

std::uint64_t Writer::staged_count() const
{
    std::uint64_t count = 0;
    for (const auto& run : runs_)
        count += static_cast<std::uint64_t>(run.last - run.first + 1);
    return count;
}

void Writer::unstage()
{
    for (const auto& run : runs_)
        shared_->session.database.run("DELETE FROM staged WHERE first = ?", run.first);
}

void Writer::insert(const Snapshot& snapshot, const batch::StatusDocument& status,
                    std::span<const std::int64_t> contents, std::uint64_t changed)
{
    auto& database = shared_->session.database;
    auto& codec = shared_->session.codec;
    const auto& events = snapshot.events;
    const auto status_blob = codec.compress(status.source);
    const auto metadata_blob = codec.compress(status.metadata_source);
    const auto contents_blob = codec.compress({reinterpret_cast<const char*>(contents.data()), contents.size_bytes()});
    database.run("INSERT INTO snapshot(batch, digest, fetched_at, validated_at, videos, approved, rejected, "
                 "pending, invalid, other, bytes, review_status, changed, status, metadata, contents) "
                 "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 batch_row_, Blob(snapshot.digest), to_milliseconds(snapshot.fetched_at),
                 to_milliseconds(snapshot.validated_at), signed_of(snapshot.videos), signed_of(events[0]),
                 signed_of(events[1]), signed_of(events[2]), signed_of(events[3]), signed_of(events[4]),
                 signed_of(snapshot.bytes), std::string_view(snapshot.review_status), signed_of(changed),
                 as_blob(status_blob), as_blob(metadata_blob), as_blob(contents_blob));
    list_members(database, batch_row_, database.last_insert_id(), contents);
}

void Writer::drop_staged()
{
    for (const auto& run : runs_)
        shared_->session.database.run("DELETE FROM content WHERE id BETWEEN ? AND ?", run.first, run.last);
    unstage();
}

} // namespace nomadic::cache::sqlite
