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
                                std::string_view source, WithSource with_source, const Pick& pick = {})
{
    auto record = codec.decode(video_id, packed, pick);
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

std::size_t decoded_size(const PagedVideo& video)
{
    return video.record ? video.record->events.size() + video.record->source.size()
                        : usual_ratio * (video.packed.size() + video.source.size());
}

} // namespace

StoredVideo::StoredVideo(Session& session, std::int64_t id, WithSource with_source, const Past& past, std::size_t place)
    : session_(session),
      past_(past),
      place_(place),
      id_(id),
      // SQLite reads every page of what is selected; so not the item, unless it is wanted.
      rows_(session.database.query("SELECT approved, rejected, pending, invalid, other, video_id, record, "
                                   "CASE WHEN ?2 THEN source END FROM content WHERE id = ?1",
                                   id, static_cast<std::int64_t>(with_source))),
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

PagedVideo StoredVideo::paged()
{
    PagedVideo video;
    video.video_id = rows_.bytes(5);
    if (record_ || past_.differs(place_)) {
        record();
        video.record = std::move(record_);
        return video;
    }
    video.packed = rows_.bytes(6);
    if (with_source_ == WithSource::yes)
        video.source = rows_.bytes(7);
    return video;
}

const batch::VideoRecord& StoredVideo::record()
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
        StoredVideo stored(session, contents[place], with_source_, past, place);
        auto video = stored.may_hold(selection_) ? pick(stored, picker) : std::nullopt;
        if (!video)
            continue;
        bytes += decoded_size(*video);
        page.push_back(std::move(*video));
        if (bytes < page_bytes)
            continue;
        bytes = 0;
        if (!sink.give(std::exchange(page, {})))
            return;
    }
    sink.give(std::move(page));
}

// Empty when narrowing leaves nothing of the video.
std::optional<PagedVideo> PageReader::pick(StoredVideo& stored, EventPicker& picker) const
{
    std::vector<std::size_t> wanted;
    const bool narrowed = !selection_.narrowing.empty();
    if (narrowed)
        picker.each_wanted(
            stored.rows_of(), [&]() -> const batch::VideoRecord& { return stored.record(); },
            [&](std::size_t position, const auto&) { wanted.push_back(position); });
    if (narrowed && wanted.empty())
        return std::nullopt;
    auto video = stored.paged();
    if (narrowed)
        video.wanted = std::move(wanted);
    if (video.record)
        keep_wanted(video, video.record->spans);
    return video;
}

void PageReader::decode(Page& page, Codec& codec) const
{
    for (auto& video : page) {
        if (video.record)
            continue;
        video.record =
            decode_video(codec, video.video_id, std::exchange(video.packed, {}), std::exchange(video.source, {}),
                         with_source_, [&](auto& spans) { keep_wanted(video, spans); });
    }
}

void PageReader::keep_wanted(const PagedVideo& video, std::vector<batch::EventSpan>& spans) const
{
    if (video.wanted) {
        std::vector<batch::EventSpan> picked;
        picked.reserve(video.wanted->size());
        for (const auto position : *video.wanted) {
            if (position >= spans.size())
                throw Damage("the rows of video " + video.video_id + " do not fit its record");
            picked.push_back(spans[position]);
        }
        spans = std::move(picked);
    } else if (!selection_.everything()) {
        std::erase_if(spans, [&](const auto& span) { return !selection_.wants(span.approval); });
    }
}

} // namespace nomadic::cache::sqlite
