#include "cache/sqlite/reading.hpp"

#include <algorithm>

namespace nomadic::cache::sqlite {

Runs::Runs(Session& session, const Reading& reading) : contents_(reading.contents), past_(reading.past)
{
    if (auto rows = session.database.query("SELECT next, last FROM backlog WHERE what = 'content'"); rows.next()) {
        first_missing_ = rows.integer(0);
        last_missing_ = rows.integer(1);
    }
    if (!reading.selection.narrowing.empty())
        leave_out_videos(session, reading);
}

std::optional<Run> Runs::next()
{
    while (place_ < contents_.size() && !is_wanted(place_))
        ++place_;
    if (place_ == contents_.size())
        return std::nullopt;
    Run run{.place = place_, .count = 0, .has_rows = has_rows(place_)};
    do {
        ++run.count;
        ++place_;
    } while (place_ < contents_.size() && contents_[place_] == contents_[place_ - 1] + 1 && is_wanted(place_) &&
             has_rows(place_) == run.has_rows);
    return run;
}

void Runs::leave_out_videos(Session& session, const Reading& reading)
{
    auto there = contents_;
    std::sort(there.begin(), there.end());
    there.erase(std::unique(there.begin(), there.end()), there.end());
    const auto& narrowing = reading.selection.narrowing;
    if (!narrowing.video_id.empty())
        wanted_.emplace();
    std::size_t found = 0;
    each_video(session, reading.snapshot, [&](std::int64_t content, std::string_view video_id) {
        if (!std::binary_search(there.begin(), there.end(), content))
            return;
        ++found;
        if (wanted_ && narrowing.allows_video(video_id))
            wanted_->insert(content);
    });
    if (found != there.size())
        throw Damage("videos of snapshot " + std::to_string(reading.snapshot) + " are missing");
}

bool Runs::is_wanted(std::size_t place) const
{
    return !wanted_ || wanted_->contains(contents_[place]);
}

bool Runs::has_rows(std::size_t place) const
{
    const auto content = contents_[place];
    return !past_.differs(place) && (content < first_missing_ || content > last_missing_);
}

void each_video(Session& session, std::int64_t snapshot,
                const std::function<void(std::int64_t content, std::string_view video_id)>& each)
{
    auto rows = session.database.query("SELECT id, video_id FROM content WHERE batch = "
                                       "(SELECT batch FROM snapshot WHERE id = ?)",
                                       snapshot);
    while (rows.next())
        each(rows.integer(0), rows.bytes(1));
}

} // namespace nomadic::cache::sqlite
