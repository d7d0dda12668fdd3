#include "batch/facets.hpp"

#include "batch/json/write.hpp"

#include <utility>

namespace nomadic::batch {

void Facets::count(const EventFacts& event, std::string_view video_id)
{
    count(to_string(event.approval), approvals_);
    count(event.category, categories_);
    count(event.severity, severities_);
    count(video_id, videos_);
    ++events_;
}

std::string Facets::json() const
{
    std::string out = "{";
    write("approval", approvals_, out);
    out += ',';
    write("category", categories_, out);
    out += ',';
    write("severity", severities_, out);
    out += ',';
    write("video_id", videos_, out);
    return out + '}';
}

void Facets::count(std::string_view value, Counts& counts)
{
    if (const auto found = counts.find(value); found != counts.end())
        ++found->second;
    else
        counts.emplace(value, 1);
}

void Facets::write(std::string_view name, const Counts& counts, std::string& out)
{
    json::write_string(name, out);
    out += ":{";
    bool any = false;
    for (const auto& [value, count] : counts) {
        if (std::exchange(any, true))
            out += ',';
        json::write_string(value, out);
        out += ':' + std::to_string(count);
    }
    out += '}';
}

} // namespace nomadic::batch
