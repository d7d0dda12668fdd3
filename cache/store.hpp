#pragma once

// The seam to storage: whole snapshots or nothing. Calls block (they do file I/O) and may come from any thread, never
// from the loop: that is what AsyncStore is for. Absence is an empty optional; a Failure (Errc::store_failed) means the
// engine could not read or write, and that nothing has changed. The same contract tests (tests/contract) run on every
// engine. open_store.hpp picks the engine.

#include "base/clock.hpp"
#include "base/error.hpp"
#include "batch/batch.hpp"
#include "batch/digest.hpp"
#include "batch/facets.hpp"
#include "batch/filter.hpp"
#include "batch/lengths.hpp"
#include "cache/key.hpp"

#include <array>
#include <functional>
#include <memory>
#include <span>

namespace nomadic::cache {

// One whole state of a batch, as it was known at a time.
struct Snapshot {
    std::int64_t id = 0; // within the store; shown to users as X-Snapshot
    Key key;
    batch::Digest digest{}; // of everything in it: equal digests, equal answers
    TimePoint fetched_at;   // when this state was first seen: Last-Modified
    TimePoint validated_at; // when upstream last confirmed it: Age counts from here
    std::uint64_t videos = 0;
    std::array<std::uint64_t, batch::approval_count> events{}; // by approval
    std::uint64_t bytes = 0;                                   // JSON it stands for, uncompressed
    std::string review_status;                                 // "" when never reviewed
    bool stale = false; // invalidated by a write: must be revalidated before it is served
    bool pinned = false;
    std::uint64_t snapshots = 0; // states of the batch that are kept

    std::uint64_t event_count() const;
    std::uint64_t event_count(const batch::Selection& selection) const; // of the approvals that it wants
};

struct HistoryEntry {
    std::int64_t id = 0;
    TimePoint fetched_at, validated_at;
    std::uint64_t events = 0;
    std::uint64_t changed = 0; // videos that differ from the snapshot before
};

// Records on their way into a snapshot, digested and compressed.
class EncodedRecords {
public:
    virtual ~EncodedRecords() = default;
};

// A snapshot on its way in. Records may be added as chunks arrive, in any order; nothing is visible until commit, and
// dropping the writer (or a crash) leaves no trace that a reader could see. One thread at a time, but for encode().
class SnapshotWriter {
public:
    virtual ~SnapshotWriter() = default;
    // What of adding costs time but needs nobody's turn: any thread, several at a time.
    virtual Result<std::unique_ptr<EncodedRecords>> encode(std::vector<batch::VideoRecord> records) = 0;
    virtual Result<void> add(std::unique_ptr<EncodedRecords> records) = 0; // as this writer encoded them
    Result<void> add(std::vector<batch::VideoRecord> records)
    {
        auto encoded = encode(std::move(records));
        return encoded ? add(std::move(*encoded)) : encoded.error();
    }
    // `status.videos` gives the order and the repeats; every one of them must have been added. If all of it equals the
    // newest snapshot, that one is touched and returned instead.
    virtual Result<Snapshot> commit(const batch::StatusDocument& status, TimePoint now) = 0;
};

// Where a reader wants to be in history: the newest, a snapshot by id, or what was known at a time.
struct AsOf {
    std::optional<std::int64_t> snapshot;
    std::optional<TimePoint> time;
};

// A summary of what a key was last seen to be, so that credentials can be checked without upstream for a while.
struct Principal {
    Scope scope;
    std::string kind; // "daemon" or "client"
    TimePoint verified_at;
    std::string label; // user or org id, for explain; never a key
};

// Something stored that is not as it was written.
struct Finding {
    std::optional<Key> key; // whose it is, when that can be told
    std::string what;       // names the row and what is wrong with it
};

// What became of a batch that adopt() was given.
struct Adopted {
    enum class Outcome {
        added,   // the scope did not have it
        updated, // the scope's own was older
        kept,    // the scope's own is as new or newer
    };
    std::string batch_id;
    Outcome outcome = Outcome::added;
};

// A picture that events of a batch point to.
struct Picture {
    batch::Digest id{}; // of its URL, without what only signs it
    std::string media_type;
    std::string bytes;
};

// What one step towards the quota did.
struct Eviction {
    std::optional<Key> gone; // a batch that can't be found any more
    bool more = false;       // another step would do more
};

enum class WithSource { no, yes }; // fill VideoRecord::source: only drop-in answers and one CSV profile need it

// Whether a failure says that what is stored is not what was written, rather than that nothing could be read or
// written.
bool is_damage(const Failure& failure);

class Store {
public:
    virtual ~Store() = default;

    virtual Result<std::optional<Snapshot>> find(const Key&, const AsOf& = {}) = 0;
    // The status document of a snapshot, parsed. Empty when the snapshot is gone.
    virtual Result<std::optional<batch::StatusDocument>> status(std::int64_t snapshot) = 0;
    virtual Result<std::unique_ptr<SnapshotWriter>> begin(const Key&) = 0;

    // Calls `each` for every video of the snapshot in the batch's order, and gives of each record (its spans) the
    // events that the selection wants; unless it wants everything, a video without one is left out. Memory use does not
    // grow with the batch. `each` returning false stops.
    virtual Result<void> read(std::int64_t snapshot, const batch::Selection&, WithSource,
                              const std::function<bool(const batch::VideoRecord&)>& each) = 0;
    // Calls `each` with the lengths of every video of the snapshot in the batch's order, repeats included, in a small
    // part of the time that reading takes. False, perhaps after some calls, where they are not kept for all of it: a
    // store of an older version that has not caught up, or is only read; an earlier state; other renderers; damage.
    // `each` returning false stops.
    virtual Result<bool> lengths(std::int64_t snapshot,
                                 const std::function<bool(const batch::RecordLengths&)>& each) = 0;
    // Counts of the events that the selection wants.
    virtual Result<batch::Facets> facets(std::int64_t snapshot, const batch::Selection&) = 0;
    // Upstream's own items (VideoRecord::source), for the ids given, in that order; "" where upstream had none, an
    // empty optional where the batch has no such video.
    virtual Result<std::vector<std::optional<std::string>>> sources(std::int64_t snapshot,
                                                                    std::span<const std::string> video_ids) = 0;
    // Upstream has confirmed the state: touched and returned, unless it is not the newest any more or was invalidated.
    virtual Result<std::optional<Snapshot>> confirm(const Key&, std::int64_t snapshot, TimePoint now) = 0;
    virtual Result<void> invalidate(const Key&) = 0;
    // When upstream confirmed a snapshot, for one that comes from elsewhere.
    virtual Result<void> set_validated(std::int64_t snapshot, TimePoint time) = 0;
    // Moves batches from a scope of passage, where nobody sees them, to their own; newest wins, all or none of them.
    virtual Result<std::vector<Adopted>> adopt(std::span<const Key> arrived, const Scope& to) = 0;
    virtual Result<void> pin(const Key&, bool pinned) = 0;
    virtual Result<bool> purge(const Key&) = 0; // false when there was none

    // Newest snapshot of each batch, by batch id, after `cursor` (exclusive). An empty scope list means all scopes.
    virtual Result<std::vector<Snapshot>> list(std::span<const Scope>, std::string_view cursor, std::size_t limit) = 0;
    virtual Result<std::vector<Scope>> scopes() = 0; // that hold batches
    // The batches of whatever scope that one of these names: a batch's id, or that of a video or an analysis in any of
    // its states.
    virtual Result<std::vector<Key>> named_by(std::span<const std::string> names) = 0;
    virtual Result<std::vector<HistoryEntry>> history(const Key&) = 0; // newest first
    // Removes superseded snapshots beyond the newest `keep`, or last validated before `oldest`, and what only they
    // held. The newest always stays.
    virtual Result<void> trim_history(const Key&, std::uint32_t keep, TimePoint oldest) = 0;

    // When batches were last read: what evict() goes by.
    virtual Result<void> used(std::span<const std::pair<Key, TimePoint>>) = 0;
    // One step, of a few milliseconds, towards files that together are within `quota_bytes`: the least recently used
    // batch that is not pinned disappears, some rows of what has disappeared are removed, or some space is given back.
    // The batch that was used last always stays.
    virtual Result<Eviction> evict(std::uint64_t quota_bytes) = 0;
    virtual Result<std::uint64_t> free_disk_bytes() = 0; // that the file system has left for us
    virtual Result<std::uint64_t> disk_bytes() = 0;      // database and write-ahead log together

    // For when not even what is damaged can be removed: sets all of it aside and begins afresh. Returns where it is
    // now.
    virtual Result<std::string> begin_anew(TimePoint now) = 0;

    virtual Result<void> put_picture(const Key&, const Picture&) = 0; // of a batch that is stored
    virtual Result<std::optional<Picture>> picture(const Key&, const batch::Digest& id) = 0;
    virtual Result<std::vector<batch::Digest>> pictures(const Key&) = 0; // in order

    virtual Result<void> remember(const batch::Digest& key_hash, const Principal&) = 0;
    virtual Result<std::optional<Principal>> recall(const batch::Digest& key_hash) = 0;
    virtual Result<void> forget(const batch::Digest& key_hash) = 0;
    virtual Result<std::vector<Principal>> principals() = 0;
    // 32 random bytes made at the store's creation: the key of all keyed hashes of this installation.
    virtual Result<std::string> install_secret() = 0;

    // Reads everything and compares it with its checksums, digests and counts: what is wrong, row by row, up to a
    // thousand findings; empty when all is well. Takes as long as reading all of the store does.
    virtual Result<std::vector<Finding>> check() = 0;

    // One short step of what an upgrade of the store left to be done behind; false when nothing is left. Everything is
    // served meanwhile.
    virtual Result<bool> catch_up() = 0;
};

} // namespace nomadic::cache
