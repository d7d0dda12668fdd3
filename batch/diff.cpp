#include "batch/diff.hpp"

#include "batch/filter.hpp"
#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

std::string part(std::string_view text)
{
    return std::to_string(text.size()) + ':' + std::string(text);
}

Digest content_of(const json::Value& event)
{
    std::string text;
    for (const auto& member : event.members()) {
        if (member.name.text() == "approval")
            continue;
        text += part(member.name.text());
        json::write(member.value, text);
    }
    return digest_of({text});
}

std::string approval_text(const json::Value& event)
{
    const auto approval = event.get("approval");
    return python::truth(approval) ? python::str(approval) : "pending";
}

std::string identity_of(const EventFacts& facts)
{
    if (!facts.event_id.empty())
        return "#" + facts.event_id;
    return "=" + part(facts.start) + part(facts.end) + part(facts.category) + part(facts.label);
}

// For each of `after` its partner in `before`, by one rule after the other.
template <class Events, class... Rules>
std::vector<const typename Events::value_type*> partners(const Events& before, const Events& after, Rules... rules)
{
    using Event = typename Events::value_type;
    std::unordered_map<std::string_view, std::vector<const Event*>> left;
    for (const auto& event : before)
        left[event.identity].push_back(&event);
    std::vector<const Event*> found(after.size(), nullptr);
    const auto pair_by = [&](auto rule) {
        for (std::size_t i = 0; i < after.size(); ++i) {
            const auto candidates = left.find(after[i].identity);
            if (found[i] != nullptr || candidates == left.end())
                continue;
            auto& events = candidates->second;
            const auto partner =
                std::find_if(events.begin(), events.end(), [&](const Event* event) { return rule(*event, after[i]); });
            if (partner == events.end())
                continue;
            found[i] = *partner;
            events.erase(partner);
        }
    };
    (pair_by(rules), ...);
    return found;
}

} // namespace

Differ::Events Differ::events_of(const VideoRecord& record)
{
    Events events;
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        json::Arena arena;
        const auto event = json::read(record.event(i), arena);
        if (!event)
            continue;
        const auto facts = event_facts(record.event(i));
        const auto own = event->get("label");
        auto label = own.is_string() && !own.text().empty() ? std::string(own.text()) : facts.label;
        events.push_back(
            {identity_of(facts), facts.event_id, std::move(label), approval_text(*event), content_of(*event)});
    }
    return events;
}

void Differ::older(const VideoRecord& record)
{
    if (older_.try_emplace(record.video_id, events_of(record)).second)
        order_.push_back(record.video_id);
}

void Differ::newer(const VideoRecord& record)
{
    if (!compared_.insert(record.video_id).second)
        return;
    auto before = older_.extract(record.video_id);
    compare(record.video_id, before.empty() ? Events{} : before.mapped(), events_of(record));
}

void Differ::compare(const std::string& video_id, const Events& before, const Events& after)
{
    const auto found = partners(
        before, after,
        [](const Event& a, const Event& b) { return a.content == b.content && a.approval == b.approval; },
        [](const Event& a, const Event& b) { return a.content == b.content; },
        [](const Event&, const Event&) { return true; });
    for (std::size_t i = 0; i < after.size(); ++i) {
        const auto& now = after[i];
        const auto* was = found[i];
        if (was == nullptr) {
            difference_.added.push_back({video_id, now.event_id, now.label});
            continue;
        }
        if (was->approval != now.approval)
            difference_.approvals.push_back({video_id, now.event_id, now.label, was->approval, now.approval});
        if (was->content != now.content)
            difference_.changed.push_back({video_id, now.event_id, now.label});
    }
    const std::unordered_set<const Event*> kept(found.begin(), found.end());
    for (const auto& was : before)
        if (!kept.contains(&was))
            difference_.removed.push_back({video_id, was.event_id, was.label});
}

Difference Differ::finish()
{
    for (const auto& video_id : order_)
        if (const auto gone = older_.find(video_id); gone != older_.end())
            compare(video_id, gone->second, {});
    return std::move(difference_);
}

} // namespace nomadic::batch
