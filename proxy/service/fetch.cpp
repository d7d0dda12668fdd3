#include "proxy/service/fetch.hpp"

#include "base/log.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <unordered_map>

namespace nomadic::proxy {

using cache::Snapshot;
using cache::SnapshotWriter;
using cache::Store;

namespace {

// What so many bytes take while they are written: compressed, with their rows and indexes, they are less than three
// eighths, but they stand in the log and in the database.
std::uint64_t space_for(std::uint64_t bytes)
{
    constexpr std::uint64_t at_least = 64 * 1024;
    return bytes / 4 * 3 + at_least;
}

// As the store would have it.
Snapshot describe(const cache::Key& key, const HeldBatch& held, TimePoint now)
{
    Snapshot snapshot;
    snapshot.key = key;
    snapshot.fetched_at = snapshot.validated_at = now;
    snapshot.review_status = held.status.review_status;
    std::unordered_map<std::string_view, std::pair<const batch::VideoRecord&, batch::Digest>> digested;
    for (const auto& record : held.records)
        digested.try_emplace(record.video_id, record, batch::digest_of(record));
    std::string digests;
    for (const auto& pointer : held.status.videos) {
        const auto& [record, digest] = digested.at(pointer.video_id);
        digests.append(reinterpret_cast<const char*>(digest.data()), digest.size());
        ++snapshot.videos;
        snapshot.bytes += record.head.size() + record.events.size() + record.tail.size();
        for (const auto& span : record.spans)
            ++snapshot.events[static_cast<std::size_t>(span.approval)];
    }
    snapshot.digest = batch::snapshot_digest(held.status.source, held.status.metadata_source, digests);
    return snapshot;
}

Failure no_room(const std::string& batch_id, std::uint64_t most_bytes)
{
    constexpr std::chrono::seconds later{10};
    return {.code = Errc::no_room,
            .detail =
                "Batch " + batch_id + " can't be held in memory: what cache.held_bytes allows all such batches (" +
                format_size(most_bytes) + ") is too little for it, or taken by others. Ask again later, or raise it.",
            .members = {{"batch_id", batch_id}},
            .retry_after = later};
}

Failure overtaken()
{
    return {.code = Errc::cancelled, .detail = "A write overtook this fetch.", .members = {}};
}

} // namespace

awaitable<Result<Fetched>> Fetcher::into_store(cache::Key key, Asker asker, batch::StatusDocument status,
                                               std::chrono::seconds age, std::function<bool()> still_wanted,
                                               std::shared_ptr<Progress> progress)
{
    auto begun = co_await store_.begin(key);
    if (!begun)
        co_return co_await without_store(std::move(key), std::move(asker), std::move(status), begun.error());
    auto writer = std::move(*begun);

    std::optional<Failure> refused;
    auto fetched = co_await fill(writer, status, asker, std::move(progress), refused);
    if (!fetched) {
        writer.reset(); // what it has staged takes room
        // The rows of a batch that is removed meanwhile take no more: the store has not failed.
        if (refused && still_wanted())
            co_return co_await without_store(std::move(key), std::move(asker), std::move(status), *refused);
        co_return fetched.error();
    }
    if (!still_wanted())
        co_return overtaken();

    auto document = std::make_shared<const batch::StatusDocument>(status);
    auto room = co_await bounds_.make_room(space_for(status.source.size()));
    if (!room) {
        writer.reset();
        co_return co_await without_store(std::move(key), std::move(asker), std::move(status), room.error());
    }
    // What another cache has kept for a while was the truth then, not now: lifetimes must not add up.
    const auto as_of = clock_.now() - std::max(age, *fetched);
    auto commit = [writer = std::move(writer), document, as_of](Store&) { return writer->commit(*document, as_of); };
    auto committed = co_await store_.write(std::move(commit));
    if (!committed && !still_wanted())
        co_return overtaken();
    if (!committed)
        co_return co_await without_store(std::move(key), std::move(asker), std::move(status), committed.error());
    health_.worked();
    co_return Fetched{.snapshot = std::move(*committed), .held = nullptr, .stored = true};
}

awaitable<Result<std::chrono::seconds>> Fetcher::fill(std::shared_ptr<SnapshotWriter> writer,
                                                      batch::StatusDocument& status, Asker asker,
                                                      std::shared_ptr<Progress> progress,
                                                      std::optional<Failure>& refused)
{
    progress->total = status.videos.size();
    RecordSink sink = [this, writer = std::move(writer), &refused,
                       progress](std::vector<batch::VideoRecord> records) -> awaitable<Result<void>> {
        progress->videos += records.size();
        auto added = co_await add(writer, std::move(records));
        if (!added)
            refused = added.error();
        co_return added;
    };
    co_return co_await upstream_.analyses(status, std::move(asker), std::move(sink));
}

awaitable<Result<void>> Fetcher::add(std::shared_ptr<SnapshotWriter> writer, std::vector<batch::VideoRecord> records)
{
    std::uint64_t bytes = 0;
    for (const auto& record : records)
        bytes += record.source.size() + record.events.size();
    auto room = co_await bounds_.make_room(space_for(bytes));
    if (!room)
        co_return room.error();
    auto encode = [writer, records = std::move(records)](Store&) mutable { return writer->encode(std::move(records)); };
    auto encoded = co_await store_.read_large(std::move(encode));
    if (!encoded)
        co_return encoded.error();
    auto work = [writer, encoded = std::move(*encoded)](Store&) mutable { return writer->add(std::move(encoded)); };
    co_return co_await store_.write(std::move(work));
}

awaitable<Result<Fetched>> Fetcher::into_memory(cache::Key key, batch::StatusDocument status, Asker asker)
{
    auto held = std::make_shared<HeldBatch>(held_);
    held->status = std::move(status);
    if (!held->memory.grow(memory_of(held->status)))
        co_return no_room(held->status.batch_id, held_.most());
    RecordSink sink = [this, held](std::vector<batch::VideoRecord> records) -> awaitable<Result<void>> {
        for (auto& record : records) {
            if (!held->memory.grow(memory_of(record)))
                co_return no_room(held->status.batch_id, held_.most());
            held->records.push_back(std::move(record));
        }
        co_return Result<void>{};
    };
    auto fetched = co_await upstream_.analyses(held->status, std::move(asker), std::move(sink));
    if (!fetched)
        co_return fetched.error();
    auto finish = [key = std::move(key), held, now = clock_.now()](Store&) { return describe(key, *held, now); };
    auto snapshot = co_await store_.read_large(std::move(finish));
    co_return Fetched{.snapshot = std::move(snapshot), .held = std::move(held)};
}

// A client sees no error because of the cache: what can't be stored is still answered.
awaitable<Result<Fetched>> Fetcher::without_store(cache::Key key, Asker asker, batch::StatusDocument status,
                                                  Failure why)
{
    health_.failed(why);
    log::warn("a batch could not be stored", {{"batch_id", key.batch_id}, {"error", why.detail}});
    auto held = co_await into_memory(key, std::move(status), std::move(asker));
    if (!held) {
        auto failure = held.error();
        if (failure.code == Errc::no_room)
            failure.detail += " It can't be stored either: " + why.detail;
        co_return failure;
    }
    held->damaged = cache::is_damage(why);
    co_return held;
}

} // namespace nomadic::proxy
