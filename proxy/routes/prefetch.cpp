#include "proxy/routes/prefetch.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

Result<std::vector<std::string>> parse_ids(const std::string& body)
{
    const Failure wrong{.code = Errc::bad_request,
                        .detail = "The body must be {\"batch_ids\": [\"...\", ...]} with at least one id.",
                        .members = {}};
    boost::system::error_code error;
    const auto document = json::parse(body, error);
    const auto* object = error ? nullptr : document.if_object();
    const auto* list = object == nullptr || object->size() != 1 ? nullptr : object->if_contains("batch_ids");
    if (list == nullptr || !list->is_array() || list->get_array().empty())
        return wrong;
    std::vector<std::string> ids;
    for (const auto& id : list->get_array()) {
        if (!id.is_string() || id.get_string().empty())
            return wrong;
        if (auto checked = check_segment(id.get_string()); !checked)
            return checked.error();
        ids.emplace_back(id.get_string());
    }
    return ids;
}

std::string event(std::string_view name, const json::object& data)
{
    return "event: " + std::string(name) + "\ndata: " + json::serialize(data) + "\n\n";
}

} // namespace

void PrefetchRoute::add_to(Router& router)
{
    router.add("POST", "/v1/prefetch", [this](Request& request, PathParameters) { return post(request); });
}

awaitable<Response> PrefetchRoute::post(Request& request)
{
    auto body = co_await read_body(*request.body, most_body_bytes_);
    if (!body)
        co_return problem(body.error(), request.target);
    auto ids = parse_ids(*body);
    if (!ids)
        co_return problem(ids.error(), request.target);
    auto identity = co_await credentials_.identify(request);
    if (!identity)
        co_return problem(identity.error(), request.target);
    Want want{.identity = std::move(*identity), .batch_id = {}, .request_id = request.request_id};
    Response response;
    response.fields.add("Content-Type", "text/event-stream");
    response.fields.add("Cache-Control", "no-store");
    response.body = Stream([&batches = batches_, want, ids = std::move(*ids)](BodyWriter& writer) {
        return run(batches, want, ids, writer);
    });
    co_return response;
}

awaitable<Result<void>> PrefetchRoute::run(BatchService& batches, Want want, std::vector<std::string> batch_ids,
                                           BodyWriter& writer)
{
    std::size_t stored = 0;
    for (const auto& batch_id : batch_ids) {
        want.batch_id = batch_id;
        auto answer = co_await batches.get(want);
        json::object data{{"batch_id", batch_id}};
        if (answer && !answer->held) {
            ++stored;
            data["state"] = "stored";
            data["videos"] = answer->snapshot.videos;
            data["events"] = answer->snapshot.event_count();
        } else {
            data["state"] = "failed";
            data["detail"] = answer ? "The store could not take it." : answer.error().detail;
        }
        const auto text = event("progress", data);
        auto written = co_await writer.write(text);
        if (!written)
            co_return written;
    }
    const auto text = event("done", {{"stored", stored}, {"failed", batch_ids.size() - stored}});
    co_return co_await writer.write(text);
}

} // namespace nomadic::proxy
