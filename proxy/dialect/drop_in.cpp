#include "proxy/dialect/drop_in.hpp"

#include "batch/upstream_documents.hpp"
#include "proxy/dialect/requests.hpp"
#include "proxy/http/cache_control.hpp"
#include "proxy/http/cache_status.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"
#include "proxy/service/delivery.hpp"
#include "proxy/upstream/refusal.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

// The clients show `detail` to their user, so it is the upstream's own word where there is one.
Response to_problem(const Request& request, Failure failure)
{
    if (const auto* message = failure.members.if_contains("upstream_message"))
        failure.detail = std::string_view(message->as_string());
    return api_problem(failure, request);
}

Response document(std::string body, const Provenance& provenance)
{
    Response response;
    response.fields.add("Content-Type", "application/json");
    describe_freshness(provenance, response.fields);
    // The clients have no cache of their own; another one between us would only hide what we know.
    response.fields.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

// The query holds nothing but this one parameter, or nothing at all.
std::optional<bool> flag_of(const Request& request, std::string_view name, bool otherwise)
{
    const auto parameters = parse_query(request.query);
    if (!parameters || parameters->size() > 1)
        return std::nullopt;
    if (parameters->empty())
        return otherwise;
    const auto& [key, value] = parameters->front();
    if (key != name || (value != "true" && value != "false"))
        return std::nullopt;
    return value == "true";
}

// What is none of the cache's affairs, or more than it can take.
bool is_upstreams(const Failure& failure)
{
    return failure.code == Errc::not_completed || failure.code == Errc::no_room;
}

} // namespace

void DropIn::add_to(Router& router)
{
    using Member = Outcome (DropIn::*)(Request&, Want, std::string);
    const auto add = [&](std::string_view method, std::string_view pattern, Member member) {
        auto handler = [this, member](Request& request, PathParameters parameters) -> awaitable<Response> {
            auto body = co_await read_body(*request.body, most_body_bytes_);
            if (!body)
                co_return to_problem(request, body.error());
            auto identity = co_await credentials_.identify(request);
            if (!identity)
                co_return to_problem(request, identity.error());
            Want want{.identity = std::move(*identity),
                      .batch_id = std::move(parameters[0]),
                      .request_id = request.request_id,
                      .directives = request_directives(request.fields)};
            auto response = co_await (this->*member)(request, std::move(want), std::move(*body));
            if (!response)
                co_return to_problem(request, response.error());
            co_return std::move(*response);
        };
        router.add(method, pattern, handler);
    };
    add("GET", "/api/batch/{batch_id}/status", &DropIn::status);
    add("POST", "/api/batch/{batch_id}/analyses/bulk", &DropIn::bulk);
    add("POST", "/api/batch/{batch_id}/filter_batch", &DropIn::filter_batch);
}

DropIn::Outcome DropIn::status(Request& request, Want want, std::string body)
{
    const auto with_videos = flag_of(request, "include_videos", true);
    if (!with_videos)
        co_return co_await upstreams_own(request, want, std::move(body));
    auto seen = co_await batches_.status(want);
    const bool unreadable = !seen && seen.error().code == Errc::store_failed && upstream_ != nullptr;
    if (unreadable || (!seen && seen.error().code == Errc::no_room))
        co_return co_await upstreams_own(request, want, std::move(body));
    if (!seen)
        co_return seen.error();
    co_return document(*with_videos ? seen->document->source : batch::without_videos(*seen->document),
                       seen->provenance);
}

DropIn::Outcome DropIn::bulk(Request& request, Want want, std::string body)
{
    const auto with_source_uri = flag_of(request, "include_source_uri", false);
    auto video_ids = parse_bulk_request(body);
    if (!with_source_uri || !video_ids)
        co_return co_await upstreams_own(request, want, std::move(body));
    auto answer = co_await batches_.get(want);
    if (!answer && is_upstreams(answer.error()))
        co_return co_await upstreams_own(request, want, std::move(body));
    if (!answer)
        co_return answer.error();
    auto response = co_await bulk_answer(*answer, *video_ids, *with_source_uri);
    if (response || upstream_ == nullptr)
        co_return response;
    if (!cache::is_damage(response.error()))
        co_return co_await upstreams_own(request, want, std::move(body));
    answer = co_await batches_.around_store(std::move(want), response.error());
    if (!answer)
        co_return answer.error();
    co_return co_await bulk_answer(*answer, std::move(*video_ids), *with_source_uri);
}

DropIn::Outcome DropIn::bulk_answer(Answer answer, std::vector<std::string> video_ids, bool with_source_uri)
{
    const auto source_uri = with_source_uri ? batch::SourceUri::included : batch::SourceUri::left_out;
    auto work = [id = answer.snapshot.id, held = answer.held, ids = std::move(video_ids),
                 source_uri](cache::Store& store) -> Result<std::string> {
        if (held) {
            std::vector<std::optional<std::string>> items;
            for (const auto& video_id : ids) {
                auto& item = items.emplace_back();
                for (const auto& record : held->records)
                    if (record.video_id == video_id)
                        item = record.source;
            }
            return batch::bulk_document(held->status, ids, items, source_uri);
        }
        auto status = store.status(id);
        auto items = store.sources(id, ids);
        if (!status)
            return status.error();
        if (!items)
            return items.error();
        if (!*status)
            return Failure{.code = Errc::store_failed, .detail = "The batch has just been removed.", .members = {}};
        if (!(*status)->metadata_source.empty())
            return Failure{.code = Errc::offline_miss,
                           .detail =
                               "The upstream gave this batch by filter_batch only: its items for analyses/bulk are "
                               "not stored.",
                           .members = {}};
        return batch::bulk_document(**status, ids, *items, source_uri);
    };
    auto body = co_await store_.read(std::move(work));
    if (!body)
        co_return body.error();
    co_return document(std::move(*body), answer.provenance);
}

DropIn::Outcome DropIn::filter_batch(Request& request, Want want, std::string body)
{
    const auto wanted = parse_filter_request(body);
    if (!wanted || !request.query.empty())
        co_return co_await upstreams_own(request, want, std::move(body));
    batch::Representation representation;
    representation.dashboard_url = dashboard_url_;
    if (!wanted->approvals.empty()) {
        auto approvals = batch::parse_approvals(wanted->approvals);
        if (!approvals)
            co_return approvals.error();
        representation.selection.approvals = *approvals;
    }
    auto answer = co_await batches_.get(want);
    if (!answer && is_upstreams(answer.error()))
        co_return co_await upstreams_own(request, want, std::move(body));
    if (!answer)
        co_return answer.error();
    auto etag = Renderings::etag(answer->snapshot, representation);
    const auto delivery = std::make_shared<Delivery>(batches_, renderings_, std::move(want), std::move(representation),
                                                     Coding::identity, false);
    auto begun = co_await delivery->begin(std::move(*answer), std::move(etag));
    if (!begun)
        co_return begun.error();
    auto response = document({}, delivery->answer().provenance);
    response.fields.set("X-Total-Count", std::to_string(delivery->events()));
    Delivery::send(delivery, {}, response);
    co_return response;
}

// Reads all three, so asking again after a failure is safe.
DropIn::Outcome DropIn::upstreams_own(Request& request, const Want& want, std::string body)
{
    if (upstream_ == nullptr)
        co_return Failure{.code = Errc::offline_miss,
                          .detail = "The daemon is offline, and only the upstream could answer this request.",
                          .members = {{"batch_id", want.batch_id}}};
    SmallRequest small{.method = request.method, .target = request.target, .fields = {}, .body = std::move(body)};
    for (const char* name : {"Content-Type", "Content-Encoding", "Accept", "User-Agent", "X-Client-Type",
                             "X-Client-Version", "Idempotency-Key"})
        if (request.fields.has(name))
            small.fields.add(name, std::string(request.fields.get(name)));
    auto exchange = co_await upstream_->send(std::move(small), {want.identity.credential, want.request_id});
    if (!exchange)
        co_return exchange.error();
    const bool redirects = exchange->status >= 300 && exchange->status < 400;
    if (redirects)
        co_return refusal(*exchange, "batch " + want.batch_id, {});
    Response response{.status = exchange->status};
    for (const char* name : {"Content-Type", "Retry-After", "WWW-Authenticate"})
        if (exchange->fields.has(name))
            response.fields.add(name, std::string(exchange->fields.get(name)));
    response.fields.add("Cache-Status", "nomadic-cached; fwd=bypass");
    response.fields.add("Cache-Control", "no-store");
    response.body = std::move(exchange->body);
    co_return response;
}

} // namespace nomadic::proxy
