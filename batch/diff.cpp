#include "batch/diff.hpp"

#include "batch/digest.hpp"
#include "batch/filter.hpp"
#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"

namespace nomadic::batch {

namespace {

std::string part(std::string_view text)
{
    return std::to_string(text.size()) + ':' + std::string(text);
}

std::string content_of(const json::Value& event)
{
    std::string text;
    for (const auto& member : event.members()) {
        if (member.name.text() == "approval")
            continue;
        text += part(member.name.text());
        json::write(member.value, text);
    }
    return to_hex(digest_of({text}));
}

std::string approval_text(const json::Value& event)
{
    const auto approval = event.get("approval");
    return python::truth(approval) ? python::str(approval) : "pending";
}

} // namespace

template <class Each>
void Differ::each_event(const VideoRecord& record, Each each)
{
    std::map<std::string, std::size_t> seen; // of each identity, so that equal events are told apart by their order
    for (std::size_t i = 0; i < record.spans.size(); ++i) {
        json::Arena arena;
        const auto event = json::read(record.event(i), arena);
        if (!event)
            continue;
        const auto facts = event_facts(record.event(i));
        auto identity = facts.event_id.empty()
                            ? "=" + part(facts.start) + part(facts.end) + part(facts.category) + part(facts.label)
                            : "#" + facts.event_id;
        identity += '/' + std::to_string(seen[identity]++);
        each(Key{record.video_id, std::move(identity)},
             Event{facts.event_id, facts.label, approval_text(*event), content_of(*event)});
    }
}

void Differ::older(const VideoRecord& record)
{
    each_event(record, [&](Key key, Event event) { older_.emplace(std::move(key), std::move(event)); });
}

void Differ::newer(const VideoRecord& record)
{
    each_event(record, [&](const Key& key, const Event& event) {
        const auto found = older_.find(key);
        if (found == older_.end()) {
            difference_.added.push_back({key.first, event.event_id, event.label});
            return;
        }
        const auto& before = found->second;
        if (before.approval != event.approval)
            difference_.approvals.push_back({key.first, event.event_id, event.label, before.approval, event.approval});
        if (before.content != event.content)
            difference_.changed.push_back({key.first, event.event_id, event.label});
        older_.erase(found);
    });
}

Difference Differ::finish()
{
    for (const auto& [key, event] : older_)
        difference_.removed.push_back({key.first, event.event_id, event.label});
    return std::move(difference_);
}

} // namespace nomadic::batch
