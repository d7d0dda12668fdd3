#include "cache/bundle.hpp"

#include "cache/file.hpp"
#include "cache/sqlite/bundle.hpp"

#include <cstdio>
#include <map>
#include <unordered_set>

namespace nomadic::cache {

namespace {

constexpr std::size_t list_page = 500;
constexpr std::size_t bytes_at_a_time = 4U << 20U; // of records in memory

Failure failed(std::string detail)
{
    return {.code = Errc::store_failed, .detail = std::move(detail), .members = {}};
}

Failure damaged(std::string detail)
{
    return {.code = Errc::unprocessable, .detail = std::move(detail), .members = {}};
}

Failure not_stored(const std::string& batch_id)
{
    return {.code = Errc::not_found,
            .detail = "Batch " + batch_id + " is not stored here.",
            .members = {{"batch_id", batch_id}}};
}

// Hands the records of a snapshot to a writer, each video once, a few megabytes at a time.
Result<void> copy_records(Store& from, std::int64_t snapshot, SnapshotWriter& writer)
{
    std::unordered_set<std::string> seen;
    std::vector<batch::VideoRecord> waiting;
    std::size_t bytes = 0;
    Result<void> added;
    const auto hand_over = [&] {
        added = writer.add(std::exchange(waiting, {}));
        bytes = 0;
        return added.has_value();
    };
    auto read = from.read(snapshot, {}, WithSource::yes, [&](const batch::VideoRecord& record) {
        if (!seen.insert(record.video_id).second)
            return true;
        bytes += record.source.size() + record.events.size();
        waiting.push_back(record);
        return bytes < bytes_at_a_time || hand_over();
    });
    if (!read)
        return read;
    if (added && !waiting.empty())
        hand_over();
    return added;
}

Result<void> copy_state(Store& from, const Snapshot& state, Store& to, const Key& key)
{
    auto status = from.status(state.id);
    if (!status)
        return status.error();
    if (!*status)
        return failed("Batch " + state.key.batch_id + " was removed while it was being copied.");
    auto writer = to.begin(key);
    if (!writer)
        return writer.error();
    if (auto copied = copy_records(from, state.id, **writer); !copied)
        return copied;
    auto stored = (*writer)->commit(**status, state.fetched_at);
    if (!stored)
        return stored.error();
    if (stored->digest != state.digest)
        return damaged("Batch " + state.key.batch_id + " is damaged: its digest is another.");
    return to.set_validated(stored->id, state.validated_at);
}

Result<void> copy_pictures(Store& from, const Key& source, Store& to, const Key& target)
{
    auto ids = from.pictures(source);
    if (!ids)
        return ids.error();
    for (const auto& id : *ids) {
        auto picture = from.picture(source, id);
        if (!picture)
            return picture.error();
        if (!*picture)
            continue;
        if (auto put = to.put_picture(target, **picture); !put)
            return put;
    }
    return {};
}

// States are written oldest first, so that each shares with the one before what has not changed.
Result<void> copy_batch(Store& from, const Snapshot& newest, Store& to, const Key& key, States states)
{
    std::vector<std::int64_t> ids{newest.id};
    if (states == States::all) {
        auto history = from.history(newest.key);
        if (!history)
            return history.error();
        ids.clear();
        for (auto entry = history->rbegin(); entry != history->rend(); ++entry)
            ids.push_back(entry->id);
    }
    for (const auto id : ids) {
        auto state = from.find(newest.key, {.snapshot = id, .time = {}});
        if (!state)
            return state.error();
        if (!*state) // trimmed since, and a state less of the past
            continue;
        if (auto copied = copy_state(from, **state, to, key); !copied)
            return copied;
    }
    if (auto copied = copy_pictures(from, newest.key, to, key); !copied)
        return copied;
    return newest.stale ? to.invalidate(key) : Result<void>{};
}

// Removes the file unless it was put in its place; also what an earlier attempt that was killed has left.
class PartialFile {
public:
    explicit PartialFile(std::string target) : target_(std::move(target)), path_(target_ + ".part") { remove(); }
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;
    ~PartialFile() { remove(); }
    const std::string& path() const { return path_; }
    Result<void> put_in_place() { return replace_file(path_, target_); }

private:
    void remove() const
    {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"})
            std::remove((path_ + suffix).c_str());
    }

    std::string target_;
    std::string path_;
};

} // namespace

std::string_view name_of(Adopted::Outcome outcome)
{
    switch (outcome) {
    case Adopted::Outcome::added:
        return "added";
    case Adopted::Outcome::updated:
        return "updated";
    case Adopted::Outcome::kept:
        break;
    }
    return "kept";
}

Result<std::vector<Key>> find_batches(Store& store, std::span<const Scope> scopes, std::span<const std::string> ids)
{
    std::map<std::string, Snapshot> newest;
    const auto offer = [&](Snapshot snapshot) {
        auto [place, fresh] = newest.try_emplace(snapshot.key.batch_id, snapshot);
        if (!fresh && place->second.validated_at < snapshot.validated_at)
            place->second = std::move(snapshot);
    };
    for (const auto& scope : scopes)
        for (const auto& id : ids) {
            auto found = store.find({scope, id});
            if (!found)
                return found.error();
            if (*found)
                offer(std::move(**found));
        }
    for (const auto& id : ids)
        if (!newest.contains(id))
            return not_stored(id);
    for (const auto& scope : scopes)
        for (std::string cursor; ids.empty();) {
            auto page = store.list({&scope, 1}, cursor, list_page);
            if (!page)
                return page.error();
            if (page->empty())
                break;
            cursor = page->back().key.batch_id;
            for (auto& snapshot : *page)
                offer(std::move(snapshot));
        }
    std::vector<Key> keys;
    keys.reserve(newest.size());
    for (const auto& [id, snapshot] : newest)
        keys.push_back(snapshot.key);
    return keys;
}

Result<void> write_bundle(Store& from, std::span<const Key> batches, States states, const std::string& path)
{
    PartialFile file(path);
    {
        auto bundle = sqlite::begin_bundle(file.path());
        if (!bundle)
            return bundle.error();
        for (const auto& key : batches) {
            auto newest = from.find(key);
            if (!newest)
                return newest.error();
            if (!*newest)
                return not_stored(key.batch_id);
            auto copied = copy_batch(from, **newest, **bundle, {bundle_scope(), key.batch_id}, states);
            if (!copied)
                return copied;
        }
    }
    if (auto ended = sqlite::end_bundle(file.path()); !ended)
        return ended;
    if (auto sealed = append_checksum(file.path()); !sealed)
        return sealed;
    return file.put_in_place();
}

Result<void> check_bundle(const std::string& path)
{
    if (auto ours = sqlite::check_bundle_owner(path); !ours)
        return ours;
    auto whole = has_checksum(path);
    if (!whole)
        return whole.error();
    if (!*whole)
        return damaged("The bundle " + path +
                       " is damaged or cut short: its checksum does not match. Copy or export it again.");
    return {};
}

Result<std::unique_ptr<Store>> open_bundle(const std::string& path)
{
    if (auto ours = sqlite::check_bundle_owner(path); !ours)
        return ours.error();
    return sqlite::open_for_reading(path, sqlite::Writers::none);
}

Result<std::vector<Adopted>> import_bundle(const std::string& path, Store& to, const Scope& scope, TimePoint now)
{
    if (auto whole = check_bundle(path); !whole)
        return whole.error();
    auto bundle = open_bundle(path);
    if (!bundle)
        return bundle.error();
    std::vector<Key> arrived;
    const auto copy_all = [&]() -> Result<void> {
        const std::array scopes{bundle_scope()};
        for (std::string cursor;;) {
            auto page = (*bundle)->list(scopes, cursor, list_page);
            if (!page)
                return page.error();
            for (const auto& newest : *page) {
                arrived.push_back({passage_scope(), newest.key.batch_id});
                if (auto copied = copy_batch(**bundle, newest, to, arrived.back(), States::all); !copied)
                    return copied;
                const std::array used{std::pair(arrived.back(), now)};
                if (auto noted = to.used(used); !noted)
                    return noted;
            }
            if (page->size() < list_page)
                return {};
            cursor = page->back().key.batch_id;
        }
    };
    Result<std::vector<Adopted>> adopted = std::vector<Adopted>{};
    if (auto copied = copy_all(); copied)
        adopted = to.adopt(arrived, scope);
    else
        adopted = copied.error();
    if (!adopted)
        for (const auto& key : arrived)
            (void)to.purge(key); // what stays is invisible, and goes at the next start
    return adopted;
}

} // namespace nomadic::cache
