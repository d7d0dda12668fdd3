#include "cache/sqlite/pages.hpp"

#include "cache/sqlite/event_reader.hpp"

#include <utility>

namespace nomadic::cache::sqlite {

namespace {

constexpr std::size_t page_bytes = std::size_t{512} * 1024; // decoded, about
constexpr std::size_t usual_ratio = 4;

bool wants_some(const batch::Selection& selection, const Rows& rows, int first_count)
{
    for (int i = 0; i < static_cast<int>(batch::approval_count); ++i)
        if (selection.wants(static_cast<batch::Approval>(i)) && rows.integer(first_count + i) != 0)
            return true;
    return false;
}

} // namespace

PagedVideo stored_video(Session& session, const Reading& reading, std::size_t place)
{
    // SQLite reads every page of what is selected; so not the item, unless it is wanted.
    auto rows = session.database.query("SELECT video_id, record, CASE WHEN ?2 THEN source END FROM content "
                                       "WHERE id = ?1",
                                       reading.contents[place], static_cast<std::int64_t>(reading.with_source));
    if (!rows.next())
        throw Damage("content " + std::to_string(reading.contents[place]) + " is missing");
    PagedVideo video{.place = place};
    video.video_id = rows.bytes(0);
    video.packed = rows.bytes(1);
    if (reading.with_source == WithSource::yes)
        video.source = rows.bytes(2);
    return video;
}

void PageReader::read()
{
    Runs runs(session_, reading_);
    while (const auto run = runs.next())
        if (!read(*run))
            return;
    sink_.give(std::move(page_));
}

bool PageReader::read(const Run& run)
{
    if (run.has_rows && !reading_.selection.narrowing.empty())
        return pick_by_rows(run);
    if (run.has_rows && !reading_.selection.everything())
        return pick_by_counts(run);
    for (std::size_t i = 0; i < run.count; ++i)
        if (!add(run.place + i, {}))
            return false;
    return true;
}

// Of a video that no filter wants, the record is not read.
bool PageReader::pick_by_counts(const Run& run)
{
    const auto first = reading_.contents[run.place], last = reading_.contents[run.place + run.count - 1];
    auto rows = session_.database.query("SELECT id, approved, rejected, pending, invalid, other FROM content "
                                        "WHERE id BETWEEN ? AND ? ORDER BY id",
                                        first, last);
    for (std::size_t i = 0; i < run.count; ++i) {
        const auto place = run.place + i;
        if (!rows.next() || rows.integer(0) != reading_.contents[place])
            throw Damage("content " + std::to_string(reading_.contents[place]) + " is missing");
        if (wants_some(reading_.selection, rows, 1) && !add(place, {}))
            return false;
    }
    return true;
}

bool PageReader::pick_by_rows(const Run& run)
{
    const auto& selection = reading_.selection;
    const auto first = reading_.contents[run.place], last = reading_.contents[run.place + run.count - 1];
    auto content = first;
    std::vector<WantedEvent> wanted;
    const auto add_content = [&] {
        const bool goes_on = wanted.empty() || add(run.place + static_cast<std::size_t>(content - first), wanted);
        wanted.clear();
        return goes_on;
    };
    for (EventReader rows(session_, selection.narrowing, columns_of(selection.narrowing), first, last); rows.next();) {
        const auto values = rows.values();
        if (!selection.wants(values.approval) || !selection.narrowing.matches_values(values))
            continue;
        if (rows.content() != content && !add_content())
            return false;
        content = rows.content();
        const bool searched = !search_.any() || search_.finds_in(values.label) || search_.finds_in(values.category);
        wanted.push_back({.position = rows.position(), .if_analysis_mentions = !searched});
    }
    return add_content();
}

bool PageReader::add(std::size_t place, std::optional<std::vector<WantedEvent>> wanted)
{
    auto& video = page_.emplace_back(stored_video(session_, reading_, place));
    video.wanted = std::move(wanted);
    bytes_ += usual_ratio * (video.packed.size() + video.source.size());
    if (bytes_ < page_bytes)
        return true;
    bytes_ = 0;
    return sink_.give(std::exchange(page_, {}));
}

void PageDecoder::decode(Page& page)
{
    for (auto& video : page)
        video.record = decode(std::exchange(video, {}));
    if (!reading_.selection.everything())
        std::erase_if(page, [](const PagedVideo& video) { return video.record->spans.empty(); });
}

batch::VideoRecord PageDecoder::decode(PagedVideo video)
{
    const Pick pick = [&](std::string_view events, auto& spans) { keep_wanted(video, events, spans); };
    const bool as_it_is = reading_.with_source == WithSource::no && !reading_.past.differs(video.place);
    std::optional<batch::VideoRecord> record;
    if (as_it_is) {
        record = codec_.decode(video.video_id, video.packed, pick);
    } else if (auto plain = codec_.plain(video.packed, reading_.with_source == WithSource::yes
                                                           ? std::optional<std::string_view>(video.source)
                                                           : std::nullopt)) {
        reading_.past.take_back(video.place, *plain);
        record = Codec::record_of(video.video_id, plain->record, pick);
        if (record)
            record->source = std::move(plain->source);
    }
    if (!record)
        throw Damage("the analysis of video " + video.video_id + " is damaged");
    return std::move(*record);
}

void PageDecoder::keep_wanted(const PagedVideo& video, std::string_view events, std::vector<batch::EventSpan>& spans)
{
    if (video.wanted)
        keep_picked(video, events, spans);
    else if (!reading_.selection.everything())
        std::erase_if(spans, [&](const auto& span) { return !wants(span, events.substr(span.offset, span.length)); });
}

// What the rows have picked.
void PageDecoder::keep_picked(const PagedVideo& video, std::string_view events, std::vector<batch::EventSpan>& spans)
{
    std::vector<batch::EventSpan> picked;
    picked.reserve(video.wanted->size());
    for (const auto& event : *video.wanted) {
        if (event.position >= spans.size())
            throw Damage("the rows of video " + video.video_id + " do not fit its record");
        const auto& span = spans[event.position];
        if (!event.if_analysis_mentions || search_.finds_in_analysis(events.substr(span.offset, span.length)))
            picked.push_back(span);
    }
    spans = std::move(picked);
}

bool PageDecoder::wants(const batch::EventSpan& span, std::string_view event_json)
{
    const auto& [approvals, narrowing] = reading_.selection;
    return reading_.selection.wants(span.approval) && (narrowing.empty() || narrowing.matches(facts_.read(event_json)));
}

} // namespace nomadic::cache::sqlite
