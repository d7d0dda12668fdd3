#pragma once

// A snapshot's videos, row by row and page by page. One thread at a time, but for PageReader::decode.

#include "cache/sqlite/events.hpp"
#include "cache/sqlite/past.hpp"
#include "cache/sqlite/read_ahead.hpp"

namespace nomadic::cache::sqlite {

// A row of `content`, as `past` has it at this place of the batch; its record is decoded when it is first asked for.
class StoredVideo {
public:
    StoredVideo(Session& session, std::int64_t id, WithSource with_source, const Past& past, std::size_t place);
    bool may_hold(const batch::Selection& selection) const; // an event that the selection wants, by its counts
    // The content whose rows of `event` are its, or EventPicker::no_rows.
    std::int64_t rows_of() const { return past_.differs(place_) ? EventPicker::no_rows : id_; }
    std::string_view video_id() const { return rows_.bytes(5); }
    const batch::VideoRecord& record();
    PagedVideo paged(); // packed, unless it had to be decoded; nothing is asked of this afterwards

private:
    batch::VideoRecord earlier_record() const;

    Session& session_;
    const Past& past_;
    std::size_t place_;
    std::int64_t id_;
    Rows rows_;
    WithSource with_source_;
    std::optional<batch::VideoRecord> record_;
};

// Reads what a selection wants of a snapshot.
class PageReader {
public:
    // `selection` outlives this.
    PageReader(const batch::Selection& selection, WithSource with_source)
        : selection_(selection), with_source_(with_source)
    {}

    void read(Session& session, const std::vector<std::int64_t>& contents, const Past& past, PageSink& sink) const;
    // What of the page is still packed; any thread, with a codec of its own.
    void decode(Page& page, Codec& codec) const;

private:
    std::optional<PagedVideo> pick(StoredVideo& video, EventPicker& picker) const;
    void keep_wanted(const PagedVideo& video, std::vector<batch::EventSpan>& spans) const;

    const batch::Selection& selection_;
    WithSource with_source_;
};

} // namespace nomadic::cache::sqlite
