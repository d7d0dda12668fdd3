#pragma once

// One connection with its codec: what one thread needs to read or write. The statements that several parts of the
// engine share are here, and the one place where SqliteError becomes a Failure.

#include "cache/sqlite/codec.hpp"
#include "cache/sqlite/database.hpp"
#include "cache/store.hpp"

#include <span>
#include <unordered_set>

namespace nomadic::cache::sqlite {

struct Session {
    Session(const std::string& path, Database::Mode mode) : database(path, mode) {}

    std::optional<std::int64_t> batch_row(const Key& key);
    std::optional<Snapshot> newest(std::int64_t batch_row);
    // Takes a batch out of sight at once; evict() removes its rows bit by bit.
    void discard(std::int64_t batch_row);
    // The ids of `content` that make a snapshot, in the batch's order: its own, or those that a Past leads back from.
    std::optional<std::vector<std::int64_t>> contents(std::int64_t snapshot);
    // The ids of `content` that the snapshots of a batch name.
    std::unordered_set<std::int64_t> contents_in_use(std::int64_t batch_row);
    // Removes those that none names any more, and that are not on their way in.
    void drop_unreferenced(std::int64_t batch_row);

    Database database;
    Codec codec;
};

// Columns in the order of to_snapshot(); completed by a WHERE clause. `s` is the snapshot, `b` its batch.
extern const std::string select_snapshot;
Snapshot to_snapshot(const Rows& rows);
// Of ids in a batch's order: behind the last of those that follow each other from `first` on.
std::size_t end_of_run(std::span<const std::int64_t> ids, std::size_t first);
// A condition on rows of `content`: that they are no writer's any more.
extern const std::string is_published;
batch::Digest to_digest(std::string_view bytes); // throws Damage when they are none

std::int64_t to_milliseconds(TimePoint time);
TimePoint from_milliseconds(std::int64_t milliseconds);

// Something stored is not what was written: the file has been damaged.
class Damage : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

Failure store_failure(std::string_view why);
Failure snapshot_gone(std::int64_t snapshot);
Failure store_failure(const SqliteError& error);
Failure damage_failure(std::string_view what);

// Runs `work`; whatever it throws becomes Errc::store_failed.
template <class Work>
auto guarded(Work work) -> std::invoke_result_t<Work>
{
    try {
        return work();
    } catch (const SqliteError& error) {
        return store_failure(error);
    } catch (const Damage& damage) {
        return damage_failure(damage.what());
    } catch (const std::exception& error) {
        return store_failure(error.what());
    }
}

} // namespace nomadic::cache::sqlite
