// Counting a snapshot's events: from rows alone, but for what only records know.

#include "cache/sqlite/event_reader.hpp"
#include "cache/sqlite/pages.hpp"
#include "cache/sqlite/sqlite_store.hpp"

#include <unordered_map>

namespace nomadic::cache::sqlite {

namespace {

// Returns how many there were.
std::uint64_t count_events(const batch::VideoRecord& record, batch::EventFactsReader& reader, batch::Facets& facets)
{
    for (std::size_t i = 0; i < record.spans.size(); ++i)
        facets.count(reader.read(record.event(i)).values());
    return record.spans.size();
}

class Counter {
public:
    Counter(Session& session, const Reading& reading)
        : session_(session),
          reading_(reading),
          decoder_(reading, session.codec),
          columns_(columns_of(reading.selection.narrowing))
    {
        columns_.category = columns_.severity = true;
        for (const auto content : reading.contents)
            events_.try_emplace(content, 0);
    }

    batch::Facets count()
    {
        Runs runs(session_, reading_);
        while (const auto run = runs.next())
            if (run->has_rows)
                count_rows(*run);
            else
                count_records(*run);
        count_videos();
        if (reading_.selection.narrowing.empty())
            require_all_events();
        return std::move(facets_);
    }

private:
    void count_rows(const Run& run)
    {
        const auto first = reading_.contents[run.place], last = reading_.contents[run.place + run.count - 1];
        const auto& selection = reading_.selection;
        for (EventReader rows(session_, selection.narrowing, columns_, first, last); rows.next();) {
            const auto values = rows.values();
            if (!selection.wants(values.approval) || !selection.narrowing.matches_values(values))
                continue;
            facets_.count(values);
            ++events_of(rows.content());
        }
    }

    void count_records(const Run& run)
    {
        for (auto place = run.place; place < run.place + run.count; ++place)
            events_of(reading_.contents[place]) +=
                count_events(decoder_.decode(stored_video(session_, reading_, place)), facts_, facets_);
    }

    void count_videos()
    {
        std::size_t found = 0;
        each_video(session_, reading_.snapshot, [&](std::int64_t content, std::string_view video_id) {
            const auto events = events_.find(content);
            if (events == events_.end())
                return;
            ++found;
            facets_.count_video(video_id, events->second);
        });
        if (found != events_.size())
            throw Damage("videos of snapshot " + std::to_string(reading_.snapshot) + " are missing");
    }

    // How many there are of each approval stands in the snapshot as well.
    void require_all_events()
    {
        auto rows = session_.database.query(select_snapshot + "WHERE s.id = ?", reading_.snapshot);
        if (!rows.next() || facets_.events() != to_snapshot(rows).event_count(reading_.selection))
            throw Damage("the rows of events of snapshot " + std::to_string(reading_.snapshot) + " are others");
    }

    // The rows of a video follow each other.
    std::uint64_t& events_of(std::int64_t content)
    {
        if (last_ == nullptr || last_->first != content)
            last_ = &*events_.find(content);
        return last_->second;
    }

    Session& session_;
    const Reading& reading_;
    PageDecoder decoder_;
    EventColumns columns_;
    batch::EventFactsReader facts_;
    batch::Facets facets_;
    std::unordered_map<std::int64_t, std::uint64_t> events_; // by content
    std::pair<const std::int64_t, std::uint64_t>* last_ = nullptr;
};

} // namespace

Result<batch::Facets> SqliteStore::facets(std::int64_t snapshot, const batch::Selection& selection)
{
    if (!selection.narrowing.q.empty())
        return facets_by_records(snapshot, selection);
    const auto count = [](Session& session, const Reading& reading) -> Result<batch::Facets> {
        return Counter(session, reading).count();
    };
    return with_reading(readers_, snapshot, selection, WithSource::no, count);
}

// The AI analysis, which `q` searches, is in the records alone: two threads read them.
Result<batch::Facets> SqliteStore::facets_by_records(std::int64_t snapshot, const batch::Selection& selection)
{
    batch::Facets facets;
    batch::EventFactsReader facts;
    const auto done = read(snapshot, selection, WithSource::no, [&](const batch::VideoRecord& record) {
        facets.count_video(record.video_id, count_events(record, facts, facets));
        return true;
    });
    if (!done)
        return done.error();
    return facets;
}

} // namespace nomadic::cache::sqlite
