#include "batch/facets.hpp"

#include "batch/json/write.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace nomadic::batch {

void Facets::count(const EventValues& event)
{
    ++approvals_[static_cast<std::size_t>(event.approval)];
    add(event.category, 1, categories_);
    add(event.severity, 1, severities_);
}

void Facets::count_video(std::string_view video_id, std::uint64_t events)
{
    if (events != 0)
        add(video_id, events, videos_);
}

std::uint64_t Facets::events() const
{
    return std::accumulate(approvals_.begin(), approvals_.end(), std::uint64_t{0});
}

std::string Facets::json() const
{
    Counts approvals;
    for (std::size_t i = 0; i < approvals_.size(); ++i)
        if (approvals_[i] != 0)
            add(to_string(static_cast<Approval>(i)), approvals_[i], approvals);
    std::string out = "{";
    write("approval", approvals, out);
    out += ',';
    write("category", categories_, out);
    out += ',';
    write("severity", severities_, out);
    out += ',';
    write("video_id", videos_, out);
    return out + '}';
}

void Facets::add(std::string_view value, std::uint64_t events, Counts& counts)
{
    if (const auto found = counts.find(value); found != counts.end())
        found->second += events;
    else
        counts.emplace(value, events);
}

// By their values, in order.
void Facets::write(std::string_view name, const Counts& counts, std::string& out)
{
    std::vector<const Counts::value_type*> sorted;
    sorted.reserve(counts.size());
    for (const auto& count : counts)
        sorted.push_back(&count);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    json::write_string(name, out);
    out += ":{";
    bool any = false;
    for (const auto* const count : sorted) {
        if (std::exchange(any, true))
            out += ',';
        json::write_string(count->first, out);
        out += ':' + std::to_string(count->second);
    }
    out += '}';
}

} // namespace nomadic::batch
