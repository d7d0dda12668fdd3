#include "proxy/service/render.hpp"

#include "cache/growing_body.hpp"

#include <unordered_map>

namespace nomadic::proxy {

namespace {

using batch::Renderer;
using cache::BodyBuilder;
using cache::GrowingBody;
using cache::HotEntry;
using cache::Store;

// An answer that is about to be read from the store.
struct Reading {
    std::int64_t snapshot;
    const batch::StatusDocument& status;
    const batch::Representation& representation;
    cache::WithSource with_source;
};

Result<batch::StatusDocument> status_of(Store& store, std::int64_t snapshot)
{
    auto status = store.status(snapshot);
    if (!status)
        return status.error();
    if (!*status)
        return Failure{.code = Errc::store_failed, .detail = "The batch has just been removed.", .members = {}};
    return std::move(**status);
}

// What is given outlives it.
Reading reading_of(std::int64_t snapshot, const batch::StatusDocument& status,
                   const batch::Representation& representation)
{
    const auto with_source = representation.needs_source(status) ? cache::WithSource::yes : cache::WithSource::no;
    return {snapshot, status, representation, with_source};
}

// A profile that works on upstream's own items may see events where we see none: it is given every video, and selects
// by itself. All else is given only what it wants.
batch::Representation given(const Reading& reading)
{
    auto given = reading.representation;
    if (reading.with_source == cache::WithSource::no)
        given.selection = given.selection.applied();
    return given;
}

// Gives the renderer every video; `flush` is called after each.
template <class Flush>
Result<void> render_videos(Store& store, const Reading& reading, Renderer& renderer, std::string& out, Flush flush)
{
    const bool selects_itself = reading.with_source == cache::WithSource::yes;
    const auto selection = selects_itself ? batch::Selection{} : reading.representation.selection;
    Result<void> flushed;
    auto read = store.read(reading.snapshot, selection, reading.with_source, [&](const batch::VideoRecord& record) {
        renderer.video(record, out);
        flushed = flush();
        return flushed.has_value();
    });
    return read ? flushed : read;
}

Result<std::optional<Length>> measure(Store& store, const Reading& reading)
{
    const auto renderer = batch::make_renderer(reading.status, reading.representation);
    std::string edges;
    renderer->begin(edges);
    std::uint64_t bytes = 0;
    bool told = true;
    auto all = store.lengths(reading.snapshot, [&](const batch::RecordLengths& lengths) {
        const auto more = renderer->measure(lengths);
        told = more.has_value();
        bytes += more.value_or(0);
        return told;
    });
    if (!all)
        return all.error();
    if (!*all || !told)
        return std::optional<Length>{};
    renderer->end(edges);
    return std::optional(Length{.bytes = bytes + edges.size(), .events = renderer->events()});
}

// `feed` gives the renderer every video, and calls what it is given after each.
template <class Feed>
Result<HotEntry> render_whole(Renderer& renderer, const SpoolRoom& room, Feed feed)
{
    BodyBuilder builder(room.spool, room.threshold);
    renderer.begin(builder.buffer());
    auto fed = feed(builder.buffer(), [&builder] { return builder.flush(); });
    if (!fed)
        return fed.error();
    renderer.end(builder.buffer());
    auto body = builder.finish();
    if (!body)
        return body.error();
    return HotEntry{std::move(*body), renderer.events()};
}

Result<HotEntry> render_growing(Store& store, const Reading& reading, const SpoolRoom& room, const Length& length,
                                const HandOver& hand_over)
{
    auto growing = GrowingBody::begin(room.spool, room.threshold, length.bytes);
    if (!growing)
        return growing.error();
    const HotEntry entry{growing->body(), length.events};
    std::uint64_t handed_over = 0;
    const auto flush = [&] {
        auto flushed = growing->flush();
        if (growing->grown() != handed_over)
            hand_over(entry, handed_over = growing->grown());
        return flushed;
    };
    const auto renderer = batch::make_renderer(reading.status, given(reading));
    renderer->begin(growing->buffer());
    auto rendered = render_videos(store, reading, *renderer, growing->buffer(), flush);
    if (!rendered)
        return rendered.error();
    renderer->end(growing->buffer());
    if (auto finished = growing->finish(); !finished)
        return finished.error();
    return entry;
}

Result<HotEntry> count_stored(Store& store, std::int64_t snapshot, const batch::Selection& selection)
{
    auto facets = store.facets(snapshot, selection);
    if (!facets)
        return facets.error();
    return HotEntry{std::make_shared<const cache::Body>(facets->json()), facets->events()};
}

} // namespace

Result<HotEntry> render_stored(Store& store, std::int64_t snapshot, const batch::Representation& representation,
                               const SpoolRoom& room, const HandOver& hand_over)
{
    if (representation.format == batch::Format::facets)
        return count_stored(store, snapshot, representation.selection);
    auto status = status_of(store, snapshot);
    if (!status)
        return status.error();
    const auto reading = reading_of(snapshot, *status, representation);
    Result<std::optional<Length>> length = std::optional<Length>{};
    if (hand_over)
        length = measure(store, reading);
    if (!length)
        return length.error();
    if (*length)
        return render_growing(store, reading, room, **length, hand_over);
    const auto renderer = batch::make_renderer(reading.status, given(reading));
    return render_whole(*renderer, room, [&](std::string& out, auto flush) {
        return render_videos(store, reading, *renderer, out, flush);
    });
}

Result<std::optional<Length>> measure_stored(Store& store, std::int64_t snapshot,
                                             const batch::Representation& representation)
{
    auto status = status_of(store, snapshot);
    if (!status)
        return status.error();
    return measure(store, reading_of(snapshot, *status, representation));
}

Result<HotEntry> render_held(const HeldBatch& held, const batch::Representation& representation, const SpoolRoom& room)
{
    std::unordered_map<std::string_view, const batch::VideoRecord*> records;
    for (const auto& record : held.records)
        records.emplace(record.video_id, &record);
    const auto renderer = batch::make_renderer(held.status, representation);
    return render_whole(*renderer, room, [&](std::string& out, auto flush) -> Result<void> {
        for (const auto& pointer : held.status.videos) {
            renderer->video(*records.at(pointer.video_id), out);
            if (auto flushed = flush(); !flushed)
                return flushed;
        }
        return {};
    });
}

} // namespace nomadic::proxy
