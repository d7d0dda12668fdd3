#include "proxy/routes/events_stream.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/routes/difference.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

// Of a client that comes back after more states than these, the oldest are told in one.
constexpr std::size_t most_messages = 32;

std::int64_t last_event_id(const Request& request)
{
    std::int64_t id = -1;
    const auto text = request.fields.get("Last-Event-ID");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc{} && end == text.data() + text.size() ? id : -1;
}

std::string event(std::string_view name, const json::object& data)
{
    return "event: " + std::string(name) + "\ndata: " + json::serialize(data) + "\n\n";
}

json::object describe(const cache::Snapshot& snapshot)
{
    json::object approvals;
    for (std::size_t i = 0; i < snapshot.events.size(); ++i)
        approvals[batch::to_string(static_cast<batch::Approval>(i))] = snapshot.events[i];
    return {{"batch_id", snapshot.key.batch_id},
            {"snapshot", snapshot.id},
            {"fetched_at", format_rfc3339(snapshot.fetched_at)},
            {"videos", snapshot.videos},
            {"events", snapshot.event_count()},
            {"approvals", std::move(approvals)},
            {"review_status", snapshot.review_status.empty() ? json::value() : json::value(snapshot.review_status)},
            {"diff", nullptr}};
}

} // namespace

void EventsStreamRoute::add_to(Router& router)
{
    router.add(
        "GET", "/v1/batches/{batch_id}/events-stream",
        [this](Request& request, PathParameters parameters) { return get(request, std::move(parameters[0])); },
        ReadsQuery::no);
}

awaitable<Response> EventsStreamRoute::get(Request& request, std::string batch_id)
{
    auto identity = co_await credentials_.identify(request);
    if (!identity)
        co_return problem(identity.error(), request.target);
    Want want{.identity = std::move(*identity), .batch_id = std::move(batch_id), .request_id = request.request_id};
    auto answer = co_await batches_.get(want);
    if (!answer && answer.error().code != Errc::not_completed)
        co_return problem(answer.error(), request.target);
    const auto newest = answer ? answer->snapshot.id : 0;
    const auto known = last_event_id(request);
    const auto last = known >= 0 && known < newest ? known : newest;

    auto key = co_await batches_.locate(want.identity, want.batch_id);
    Response response;
    response.fields.add("Content-Type", "text/event-stream");
    response.fields.add("Cache-Control", "no-store");
    response.body = Stream([this, &request, key, want, last](BodyWriter& writer) {
        return run(writer, request, key, want, last); // the request outlives its answer
    });
    co_return response;
}

awaitable<Result<void>> EventsStreamRoute::run(BodyWriter& writer, const Request& request, cache::Key key, Want want,
                                               std::int64_t last)
{
    const auto watcher = watches_.watch(key, std::move(want), [&writer] { return writer.gone(); });
    // An id without data is no event, but what the client would come back with.
    const auto greeting = ": watching " + std::to_string(last) + "\nretry: 2000\nid: " + std::to_string(last) + "\n\n";
    auto written = co_await writer.write(greeting);
    for (auto wake = Watcher::Wake::news; written;) {
        if (wake == Watcher::Wake::over || writer.gone())
            co_return Result<void>{};
        // A key that has been revoked since is not told what others' keys have brought.
        auto identity = co_await credentials_.identify(request);
        const bool revoked = !identity && is_refusal(identity.error());
        if (revoked || wake == Watcher::Wake::refused) {
            const auto& why = revoked ? identity.error() : watcher->refusal();
            const auto refusal = event("refused", {{"detail", why.detail}});
            co_return co_await writer.write(refusal);
        }
        if (!identity)
            co_return identity.error();
        if (wake == Watcher::Wake::news) {
            auto told = co_await write_news(writer, key, last);
            if (!told)
                co_return told.error();
            last = *told;
        } else {
            written = co_await writer.write(": alive\n\n");
        }
        wake = co_await watcher->wait(heartbeat_);
    }
    co_return written;
}

// Returns the last snapshot that the client knows of then.
awaitable<Result<std::int64_t>> EventsStreamRoute::write_news(BodyWriter& writer, cache::Key key, std::int64_t last)
{
    auto look = [key](cache::Store& store) { return store.find(key); };
    auto newest = co_await store_.read(look);
    if (!newest)
        co_return newest.error();
    if (!*newest || (*newest)->id <= last)
        co_return last;
    auto read = [this, key, last](auto) -> awaitable<Result<Messages>> {
        auto work = [key, last](cache::Store& store) { return messages_after(store, key, last); };
        co_return co_await store_.read(std::move(work));
    };
    auto [flight, role] = news_.join({key, {last, (*newest)->id}}, read);
    auto messages = co_await flight->wait();
    if (!messages)
        co_return messages.error();
    for (const auto& message : **messages) {
        if (auto written = co_await writer.write(message.text); !written)
            co_return written.error();
        last = message.snapshot;
    }
    co_return last;
}

Result<EventsStreamRoute::Messages> EventsStreamRoute::messages_after(cache::Store& store, const cache::Key& key,
                                                                      std::int64_t last)
{
    auto history = store.history(key);
    if (!history)
        return history.error();
    auto messages = std::make_shared<std::vector<Message>>();
    std::optional<cache::Snapshot> before;
    if (auto found = store.find(key, {.snapshot = last, .time = {}}); found)
        before = *found;
    const auto newer = static_cast<std::size_t>(
        std::count_if(history->begin(), history->end(), [last](const auto& entry) { return entry.id > last; }));
    for (auto i = std::min(newer, most_messages); i > 0; --i) {
        auto snapshot = store.find(key, {.snapshot = (*history)[i - 1].id, .time = {}});
        if (!snapshot)
            return snapshot.error();
        if (!*snapshot)
            continue; // trimmed meanwhile
        auto data = describe(**snapshot);
        if (before) {
            auto changes = difference(store, *before, **snapshot);
            if (changes)
                data["diff"] = summary_of(*changes);
        }
        messages->push_back(
            {(*snapshot)->id, "id: " + std::to_string((*snapshot)->id) + "\n" + event("snapshot", data)});
        before = std::move(*snapshot);
    }
    return Messages(std::move(messages));
}

} // namespace nomadic::proxy
