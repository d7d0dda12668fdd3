#pragma once

// A snapshot's videos, page by page. What a selection wants is told from rows where they are enough, and only a video
// of which something may be wanted is read.

#include "batch/search.hpp"
#include "cache/sqlite/read_ahead.hpp"
#include "cache/sqlite/reading.hpp"

namespace nomadic::cache::sqlite {

// The video at a place of the batch, as it is stored.
PagedVideo stored_video(Session& session, const Reading& reading, std::size_t place);

// Reads what a selection wants, as it is stored. One thread at a time.
class PageReader {
public:
    PageReader(Session& session, const Reading& reading, PageSink& sink)
        : session_(session), reading_(reading), sink_(sink), search_(reading.selection.narrowing.q)
    {}
    void read();

private:
    // All of these are false when no more is wanted.
    bool read(const Run& run);
    bool pick_by_counts(const Run& run);
    bool pick_by_rows(const Run& run);
    bool add(std::size_t place, std::optional<std::vector<WantedEvent>> wanted);

    Session& session_;
    const Reading& reading_;
    PageSink& sink_;
    batch::Search search_;
    Page page_;
    std::size_t bytes_ = 0; // in the page, decoded, about
};

// Decodes what a PageReader has read, and leaves of it what is wanted. One thread at a time, each with its own.
class PageDecoder {
public:
    PageDecoder(const Reading& reading, Codec& codec)
        : reading_(reading), codec_(codec), search_(reading.selection.narrowing.q)
    {}
    void decode(Page& page);
    batch::VideoRecord decode(PagedVideo video);

private:
    void keep_wanted(const PagedVideo& video, std::string_view events, std::vector<batch::EventSpan>& spans);
    void keep_picked(const PagedVideo& video, std::string_view events, std::vector<batch::EventSpan>& spans);
    bool wants(const batch::EventSpan& span, std::string_view event_json);

    const Reading& reading_;
    Codec& codec_;
    batch::Search search_;
    batch::EventFactsReader facts_;
};

} // namespace nomadic::cache::sqlite
