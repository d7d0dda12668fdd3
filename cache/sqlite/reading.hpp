#pragma once

// What is read of a snapshot, and in which runs: contents whose ids follow each other are read with one statement.
// Within one read transaction, one thread at a time.

#include "cache/sqlite/past.hpp"
#include "cache/sqlite/reader_pool.hpp"

#include <functional>

namespace nomadic::cache::sqlite {

struct Reading {
    std::int64_t snapshot;
    const std::vector<std::int64_t>& contents; // in the batch's order
    const Past& past;                          // what leads back from them
    const batch::Selection& selection;
    WithSource with_source = WithSource::no;
};

// Calls `work` with a session and what is read of the snapshot. It is all one read transaction, so that nothing of the
// snapshot can be removed under the reader: it lasts as long as `work`, never as long as a client takes to read.
template <class Work>
auto with_reading(ReaderPool& readers, std::int64_t snapshot, const batch::Selection& selection, WithSource with_source,
                  Work work) -> std::invoke_result_t<Work, Session&, const Reading&>
{
    return guarded([&]() -> std::invoke_result_t<Work, Session&, const Reading&> {
        auto session = readers.borrow();
        const Transaction transaction(session->database, Transaction::Kind::read);
        const auto contents = session->contents(snapshot);
        if (!contents)
            return snapshot_gone(snapshot);
        const Past past(*session, snapshot);
        return work(*session, Reading{snapshot, *contents, past, selection, with_source});
    });
}

// Contents that stand one behind the other in a batch, with ids that follow each other.
struct Run {
    std::size_t place; // of the first
    std::size_t count;
    bool has_rows; // all that a selection looks at stands in rows; where it does not, only their records know
};

// The runs of a snapshot's contents, without the videos that narrowing leaves out. Throws Damage when a content that
// nobody may look at any more is not there: what is left out must be unwanted, not lost.
class Runs {
public:
    Runs(Session& session, const Reading& reading);
    std::optional<Run> next();

private:
    void leave_out_videos(Session& session, const Reading& reading);
    bool is_wanted(std::size_t place) const;
    bool has_rows(std::size_t place) const;

    const std::vector<std::int64_t>& contents_;
    const Past& past_;
    std::optional<std::unordered_set<std::int64_t>> wanted_; // absent: all
    std::int64_t first_missing_ = 1, last_missing_ = 0;      // contents of an older version, without rows as yet
    std::size_t place_ = 0;
};

// Calls `each` with every content of the snapshot's batch and its video, whatever states hold it. Reads an index alone.
void each_video(Session& session, std::int64_t snapshot,
                const std::function<void(std::int64_t content, std::string_view video_id)>& each);

} // namespace nomadic::cache::sqlite
