#include "proxy/routes/difference.hpp"

#include "batch/diff.hpp"
#include "batch/render.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

json::object reference(const std::string& video_id, const std::string& event_id, const std::string& label)
{
    json::object object{{"video_id", video_id}, {"label", label}};
    if (!event_id.empty())
        object["event_id"] = event_id;
    return object;
}

json::array references(const std::vector<batch::EventReference>& events)
{
    json::array array;
    for (const auto& event : events)
        array.push_back(reference(event.video_id, event.event_id, event.label));
    return array;
}

json::array approvals(const std::vector<batch::ApprovalChange>& changes)
{
    json::array array;
    for (const auto& change : changes) {
        auto object = reference(change.video_id, change.event_id, change.label);
        object["from"] = change.from;
        object["to"] = change.to;
        array.push_back(std::move(object));
    }
    return array;
}

Result<json::object> metadata_of(cache::Store& store, const cache::Snapshot& snapshot)
{
    auto status = store.status(snapshot.id);
    if (!status)
        return status.error();
    if (!*status)
        return Failure{
            .code = Errc::not_found, .detail = "This state of the batch has just been removed.", .members = {}};
    return json::parse(batch::render_metadata(**status, "")).as_object();
}

// `{from, to}` when it changed, else null.
json::value change_of(const json::object& from, const json::object& to, const char* name)
{
    const auto value = [name](const json::object& metadata) {
        const auto* member = metadata.if_contains(name);
        return member == nullptr ? json::value() : *member;
    };
    if (value(from) == value(to))
        return nullptr;
    return json::object{{"from", value(from)}, {"to", value(to)}};
}

} // namespace

Result<json::object> difference(cache::Store& store, const cache::Snapshot& from, const cache::Snapshot& to)
{
    auto before = metadata_of(store, from);
    auto after = metadata_of(store, to);
    if (!before || !after)
        return before ? after : before;
    batch::Differ differ;
    const auto read = [&](const cache::Snapshot& snapshot, void (batch::Differ::*take)(const batch::VideoRecord&)) {
        return store.read(snapshot.id, {}, cache::WithSource::no, [&](const batch::VideoRecord& record) {
            (differ.*take)(record);
            return true;
        });
    };
    if (auto done = read(from, &batch::Differ::older); !done)
        return done.error();
    if (auto done = read(to, &batch::Differ::newer); !done)
        return done.error();
    const auto found = differ.finish();
    return json::object{{"from", from.id},
                        {"to", to.id},
                        {"approvals", approvals(found.approvals)},
                        {"changed", references(found.changed)},
                        {"added", references(found.added)},
                        {"removed", references(found.removed)},
                        {"metadata", change_of(*before, *after, "metadata")},
                        {"review_status", change_of(*before, *after, "review_status")}};
}

} // namespace nomadic::proxy
