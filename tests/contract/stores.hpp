#pragma once

// Stores for tests of what every engine promises: opened, filled, read and emptied through the seam alone.

#include "cache/open_store.hpp"
#include "contract/batches.hpp"
#include "contract/directory.hpp"
#include "results.hpp"

#include <algorithm>

namespace nomadic::test {

using namespace cache;

inline const TimePoint start_of_time{std::chrono::seconds{1'700'000'000}};
inline TimePoint at(int seconds)
{
    return start_of_time + std::chrono::seconds{seconds};
}

inline Scope scope(std::string_view principal = "me")
{
    return make_scope("https://upstream.example", "user", principal);
}

inline std::unique_ptr<Store> open(const Directory& directory)
{
    auto opened = open_store(directory.path, at(0));
    if (!opened)
        FAIL(opened.error().detail);
    return std::move(opened->store);
}

inline Result<Snapshot> put(Store& store, const Key& key, const TestBatch& batch, TimePoint now, std::size_t chunk = 2)
{
    auto writer = store.begin(key);
    if (!writer)
        return writer.error();
    const std::span<const batch::VideoRecord> records(batch.records);
    for (std::size_t i = 0; i < records.size(); i += chunk) {
        const auto some = records.subspan(i, std::min(chunk, records.size() - i));
        auto added = (*writer)->add(std::vector(some.begin(), some.end()));
        if (!added)
            return added.error();
    }
    return (*writer)->commit(batch.status, now);
}

inline std::vector<batch::VideoRecord> read_all(Store& store, std::int64_t snapshot,
                                                const batch::Selection& selection = {},
                                                WithSource with_source = WithSource::yes)
{
    std::vector<batch::VideoRecord> records;
    auto done = store.read(snapshot, selection, with_source, [&](const auto& record) {
        records.push_back(record);
        return true;
    });
    if (!done)
        FAIL(done.error().detail);
    return records;
}

inline std::vector<Key> evict_all(Store& store, std::uint64_t quota)
{
    std::vector<Key> gone;
    for (bool more = true; more;) {
        auto step = store.evict(quota);
        if (!step)
            FAIL(step.error().detail);
        more = step->more;
        if (step->gone)
            gone.push_back(*step->gone);
    }
    return gone;
}

inline batch::Selection only(batch::Approval approval)
{
    batch::Selection selection;
    selection.approvals.emplace();
    selection.approvals->set(static_cast<std::size_t>(approval));
    return selection;
}

} // namespace nomadic::test
