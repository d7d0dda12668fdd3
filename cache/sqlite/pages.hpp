#pragma once

// A snapshot's videos, row by row and page by page. One thread at a time, but for PageReader::decode.

#include "cache/sqlite/events.hpp"
#include "cache/sqlite/read_ahead.hpp"

namespace nomadic::cache::sqlite {

// A row of `content`, whose record is decoded when it is first asked for.
class StoredVideo {
public:
    StoredVideo(Session& session, std::int64_t id, WithSource with_source);
    bool may_hold(const batch::Selection& selection) const; // an event that the selection wants, by its counts
    std::string_view video_id() const { return rows_.bytes(5); }
    PackedVideo packed() const;
    batch::VideoRecord& record();

private:
    Session& session_;
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

    void read(Session& session, const std::vector<std::int64_t>& contents, PageSink& sink) const;
    // What of the page is still as it is stored; any thread, with a codec of its own.
    void decode(Page& page, Codec& codec) const;

private:
    bool give(Page page, Codec& codec, PageSink& sink) const;

    const batch::Selection& selection_;
    WithSource with_source_;
};

} // namespace nomadic::cache::sqlite
