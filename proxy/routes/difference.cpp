#include "proxy/routes/difference.hpp"

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

json::value to_json(const MemberChange& change)
{
    if (!change.any())
        return nullptr;
    return json::object{{"from", change.from}, {"to", change.to}};
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

MemberChange change_of(const json::object& from, const json::object& to, const char* name)
{
    const auto value = [name](const json::object& metadata) {
        const auto* member = metadata.if_contains(name);
        return member == nullptr ? json::value() : *member;
    };
    if (value(from) == value(to))
        return {};
    return {value(from), value(to)};
}

// RFC 4180: quoted where it has to be.
void append_field(std::string_view text, std::string& out)
{
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        out += c;
        if (c == '"')
            out += c;
    }
    out += '"';
}

void append_row(std::initializer_list<std::string_view> fields, std::string& out)
{
    for (const auto& field : fields) {
        if (&field != fields.begin())
            out += ',';
        append_field(field, out);
    }
    out += "\r\n";
}

void append_rows(std::string_view change, const std::vector<batch::EventReference>& events, std::string& out)
{
    for (const auto& event : events)
        append_row({change, event.video_id, event.event_id, event.label, "", ""}, out);
}

void append_rows(std::string_view change, const MemberChange& member, std::string& out)
{
    const auto text = [](const json::value& value) {
        if (value.is_null())
            return std::string{};
        return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    };
    if (member.any())
        append_row({change, "", "", "", text(member.from), text(member.to)}, out);
}

} // namespace

bool BatchDifference::nothing() const
{
    return events.approvals.empty() && events.changed.empty() && events.added.empty() && events.removed.empty() &&
           !metadata.any() && !review_status.any();
}

Result<BatchDifference> difference(cache::Store& store, const cache::Snapshot& from, const cache::Snapshot& to)
{
    auto before = metadata_of(store, from);
    auto after = metadata_of(store, to);
    if (!before || !after)
        return before ? after.error() : before.error();
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
    return BatchDifference{.from = from.id,
                           .to = to.id,
                           .events = differ.finish(),
                           .metadata = change_of(*before, *after, "metadata"),
                           .review_status = change_of(*before, *after, "review_status")};
}

json::object to_json(const BatchDifference& difference)
{
    const auto& events = difference.events;
    return {{"from", difference.from},
            {"to", difference.to},
            {"approvals", approvals(events.approvals)},
            {"changed", references(events.changed)},
            {"added", references(events.added)},
            {"removed", references(events.removed)},
            {"metadata", to_json(difference.metadata)},
            {"review_status", to_json(difference.review_status)}};
}

json::object summary_of(const BatchDifference& difference)
{
    const auto& events = difference.events;
    return {{"from", difference.from},
            {"to", difference.to},
            {"approvals", events.approvals.size()},
            {"changed", events.changed.size()},
            {"added", events.added.size()},
            {"removed", events.removed.size()},
            {"metadata", difference.metadata.any()},
            {"review_status", to_json(difference.review_status)}};
}

std::string to_csv(const BatchDifference& difference)
{
    std::string text;
    append_row({"change", "video_id", "event_id", "label", "from", "to"}, text);
    for (const auto& change : difference.events.approvals)
        append_row({"approval", change.video_id, change.event_id, change.label, change.from, change.to}, text);
    append_rows("changed", difference.events.changed, text);
    append_rows("added", difference.events.added, text);
    append_rows("removed", difference.events.removed, text);
    append_rows("metadata", difference.metadata, text);
    append_rows("review_status", difference.review_status, text);
    return text;
}

} // namespace nomadic::proxy
