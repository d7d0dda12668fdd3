#include "cache/sqlite/pages.hpp"

#include <utility>

namespace nomadic::cache::sqlite {

namespace {

constexpr std::size_t page_bytes = std::size_t{512} * 1024; // decoded, about
constexpr std::size_t usual_ratio = 4;

std::uint64_t wanted_events(const Rows& rows, int first_count, const batch::Selection& selection)
{
    std::uint64_t wanted = 0;
    for (int i = 0; i < static_cast<int>(batch::approval_count); ++i)
        if (selection.wants(static_cast<batch::Approval>(i)))
            wanted += static_cast<std::uint64_t>(rows.integer(first_count + i));
    return wanted;
}

batch::VideoRecord decode_video(Codec& codec, std::string_view video_id, std::string_view packed,
                                std::string_view source, WithSource with_source)
{
    auto record = codec.decode(video_id, packed);
    if (!record)
        throw Damage("the analysis of video " + std::string(video_id) + " is damaged");
    if (with_source == WithSource::yes) {
        auto item = codec.decode_source(packed, source);
        if (!item)
            throw Damage("the item of video " + record->video_id + " is damaged");
        record->source = std::move(*item);
    }
    return std::move(*record);
}

// What narrowing leaves of the video's events; false when that is none.
bool narrow(StoredVideo& video, EventPicker& picker)
{
    std::vector<std::size_t> wanted;
    picker.each_wanted(
        video.rows_of(), [&]() -> const batch::VideoRecord& { return video.record(); },
        [&](std::size_t position, const auto&) { wanted.push_back(position); });
    if (wanted.empty())
        return false;
    std::vector<batch::EventSpan> spans;
    spans.reserve(wanted.size());
    for (const auto position : wanted)
        spans.push_back(video.record().spans.at(position));
    video.record().spans = std::move(spans);
    return true;
}

} // namespace

StoredVideo::StoredVideo(Session& session, std::int64_t id, WithSource with_source, const Past& past, std::size_t place)
    : session_(session),
      past_(past),
      place_(place),
      id_(id),
      rows_(session.database.query("SELECT approved, rejected, pending, invalid, other, video_id, record, source "
                                   "FROM content WHERE id = ?",
                                   id)),
      with_source_(with_source)
{
    if (!rows_.next())
        throw Damage("content " + std::to_string(id) + " is missing");
}

bool StoredVideo::may_hold(const batch::Selection& selection) const
{
    return selection.everything() || ((past_.differs(place_) || wanted_events(rows_, 0, selection) != 0) &&
                                      selection.narrowing.allows_video(video_id()));
}

PackedVideo StoredVideo::packed() const
{
    PackedVideo packed{.video_id = std::string(rows_.bytes(5)), .record = std::string(rows_.bytes(6)), .source = {}};
    if (with_source_ == WithSource::yes)
        packed.source = rows_.bytes(7);
    return packed;
}

batch::VideoRecord& StoredVideo::record()
{
    if (!record_)
        record_ = past_.differs(place_)
                      ? earlier_record()
                      : decode_video(session_.codec, rows_.bytes(5), rows_.bytes(6), rows_.bytes(7), with_source_);
    return *record_;
}

batch::VideoRecord StoredVideo::earlier_record() const
{
    const auto source = with_source_ == WithSource::yes ? std::optional(rows_.bytes(7)) : std::nullopt;
    auto plain = session_.codec.plain(rows_.bytes(6), source);
    if (plain)
        past_.take_back(place_, *plain);
    auto record = plain ? Codec::record_of(video_id(), plain->record) : std::nullopt;
    if (!record)
        throw Damage("an earlier analysis of video " + std::string(video_id()) + " is damaged");
    record->source = std::move(plain->source);
    return std::move(*record);
}

void PageReader::read(Session& session, const std::vector<std::int64_t>& contents, const Past& past,
                      PageSink& sink) const
{
    EventPicker picker(session, selection_);
    Page page;
    std::size_t bytes = 0;
    for (std::size_t place = 0; place < contents.size(); ++place) {
        StoredVideo video(session, contents[place], with_source_, past, place);
        if (!video.may_hold(selection_))
            continue;
        if (selection_.narrowing.empty() && past.any())
            keep_wanted(video.record());
        if (selection_.narrowing.empty() && !past.any()) {
            page.packed.push_back(video.packed());
            bytes += usual_ratio * (page.packed.back().record.size() + page.packed.back().source.size());
        } else if (selection_.narrowing.empty() || narrow(video, picker)) {
            page.records.push_back(std::move(video.record()));
            bytes += page.records.back().events.size() + page.records.back().source.size();
        }
        if (bytes < page_bytes)
            continue;
        bytes = 0;
        if (!give(std::exchange(page, {}), session.codec, sink))
            return;
    }
    give(std::move(page), session.codec, sink);
}

void PageReader::decode(Page& page, Codec& codec) const
{
    for (const auto& packed : page.packed) {
        auto& record =
            page.records.emplace_back(decode_video(codec, packed.video_id, packed.record, packed.source, with_source_));
        keep_wanted(record);
    }
    page.packed.clear();
}

void PageReader::keep_wanted(batch::VideoRecord& record) const
{
    if (!selection_.everything())
        std::erase_if(record.spans, [&](const auto& span) { return !selection_.wants(span.approval); });
}

// Decoded by whoever has nothing else to do.
bool PageReader::give(Page page, Codec& codec, PageSink& sink) const
{
    if (!sink.awaited())
        decode(page, codec);
    return sink.give(std::move(page));
}

} // namespace nomadic::cache::sqlite
