#include "batch/thumbnails.hpp"

#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/signed_url.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

constexpr std::string_view member_name = "annotated_thumbnail_url";

bool may_have_thumbnail(std::string_view event)
{
    return event.find(member_name) != std::string_view::npos;
}

// The URLs of one event, in the order in which they stand in it.
std::vector<std::string_view> urls_of(std::string_view event, json::Arena& arena)
{
    std::vector<std::string_view> urls;
    const auto value = json::read(event, arena);
    if (!value)
        return urls;
    for (const auto& holder : {*value, value->get("data")})
        if (const auto url = holder.get(member_name); url.is_string() && !url.text().empty())
            urls.push_back(url.text());
    std::sort(urls.begin(), urls.end(), [](auto a, auto b) { return std::less<>()(a.data(), b.data()); });
    return urls;
}

// Replaces the URLs that stand in the event's text as they are; canonical JSON escapes nothing that a URL may hold.
std::string substituted(std::string_view event, const Substitute& substitute, json::Arena& arena)
{
    std::string out;
    std::size_t done = 0;
    for (const auto url : urls_of(event, arena)) {
        const bool inside = std::greater_equal<>()(url.data(), event.data()) &&
                            std::less_equal<>()(url.data() + url.size(), event.data() + event.size());
        const auto other = inside ? substitute(url) : std::string{};
        if (other.empty())
            continue;
        const auto begin = static_cast<std::size_t>(url.data() - event.data());
        out += event.substr(done, begin - 1 - done); // without the opening quote
        json::write_string(other, out);
        done = begin + url.size() + 1;
    }
    out += event.substr(done);
    return out;
}

} // namespace

void for_each_thumbnail(const VideoRecord& record, const std::function<void(std::string_view url)>& each)
{
    if (!may_have_thumbnail(record.events))
        return;
    json::Arena arena;
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        arena.reset();
        if (may_have_thumbnail(record.event(i)))
            for (const auto url : urls_of(record.event(i), arena))
                each(url);
    }
}

VideoRecord with_thumbnails(const VideoRecord& record, const Substitute& substitute)
{
    if (!may_have_thumbnail(record.events))
        return record;
    auto changed = record;
    changed.events.clear();
    json::Arena arena;
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        arena.reset();
        const auto offset = changed.events.size();
        changed.events += substituted(record.event(i), substitute, arena);
        changed.spans[i].offset = static_cast<std::uint32_t>(offset);
        changed.spans[i].length = static_cast<std::uint32_t>(changed.events.size() - offset);
    }
    return changed;
}

Digest thumbnail_id(std::string_view url)
{
    return digest_of({unsigned_url(url)});
}

} // namespace nomadic::batch
