#include "sandbox/fake_upstream.hpp"

#include "batch/digest.hpp"
#include "batch/filter.hpp"
#include "batch/parse.hpp"
#include "batch/render.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"

#include <boost/json.hpp>

namespace nomadic::sandbox {

using proxy::awaitable;
using proxy::PathParameters;
using proxy::Request;
using proxy::Response;

namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t most_video_ids = 500;

Response answer(unsigned status, std::string body)
{
    Response response{.status = status};
    response.fields.add("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

Response error(unsigned status, std::string_view detail)
{
    return answer(status, json::serialize(json::object{{"detail", detail}}));
}

std::string key_of(const Request& request)
{
    if (request.fields.has("X-API-Key"))
        return std::string(request.fields.get("X-API-Key"));
    const auto authorization = request.fields.get("Authorization");
    return std::string(authorization.starts_with("Bearer ") ? authorization.substr(7) : "");
}

// "alice-laptop" and "alice-ci" are both alice's; keys that begin with "bad" are nobody's.
std::string user_of(const std::string& key)
{
    return key.starts_with("bad") ? std::string{} : key.substr(0, key.find('-'));
}

awaitable<std::string> body_of(Request& request)
{
    auto body = co_await proxy::read_body(*request.body, std::uint64_t{64} << 20U);
    co_return body ? *body : std::string{};
}

json::object object_of(const std::string& body)
{
    boost::system::error_code failed;
    auto document = json::parse(body, failed);
    return !failed && document.is_object() ? document.get_object() : json::object{};
}

Response cut_short(Response response)
{
    auto body = std::get<std::string>(std::move(response.body));
    response.content_length = body.size();
    response.body =
        proxy::Stream([half = body.substr(0, body.size() / 2)](proxy::BodyWriter& writer) -> awaitable<Result<void>> {
            co_await writer.write(half);
            co_return Failure{.code = Errc::internal, .detail = "cut on purpose", .members = {}};
        });
    return response;
}

} // namespace

std::vector<std::string> Scenario::batch_ids() const
{
    constexpr std::array<std::string_view, 3> kinds{"ask", "agent", "segmentation"};
    std::vector<std::string> ids;
    for (std::uint32_t i = 0; i < batches; ++i)
        ids.push_back(std::string(kinds[i % kinds.size()]) + "-" + std::to_string(videos) + "-" +
                      std::to_string(events) + "-" + std::to_string(i + 1));
    return ids;
}

FakeUpstream::FakeUpstream(Scenario scenario)
    : scenario_(std::move(scenario)), generator_{scenario_.seed, scenario_.thumbnail_base}
{
    workspace_.add_to(router_, [](const Request& request) { return user_of(key_of(request)); });
    add_api();
    add_controls();
}

void FakeUpstream::add_api()
{
    using Member = Outcome (FakeUpstream::*)(Request&, const Plan&);
    const auto add = [&](std::string_view method, std::string_view pattern, std::string name, Member member) {
        auto handler = [this, name = std::move(name), member](Request& request, PathParameters parameters) -> Outcome {
            ++counts_[name];
            const auto user = user_of(key_of(request));
            if (user.empty())
                co_return error(401, "Invalid API key");
            const auto plan = parse_plan(parameters[0]);
            if (!plan || (!plan->owner.empty() && plan->owner != user))
                co_return error(404, "Batch " + parameters[0] + " not found");
            auto response = co_await (this->*member)(request, *plan);
            co_return with_faults(std::move(response));
        };
        router_.add(method, pattern, std::move(handler));
    };
    add("GET", "/api/batch/{batch_id}/status", "status", &FakeUpstream::status);
    add("POST", "/api/batch/{batch_id}/analyses/bulk", "bulk", &FakeUpstream::bulk);
    add("POST", "/api/batch/{batch_id}/filter_batch", "filter_batch", &FakeUpstream::filter_batch);
    add("POST", "/api/batch/{batch_id}/metadata", "metadata", &FakeUpstream::metadata);
    router_.add("POST", "/api/videos/{video_id}/analyses/{analysis_id}/generate-thumbnails",
                [this](Request&, PathParameters) -> Outcome {
                    ++counts_["thumbnails"];
                    co_return answer(200, "{}");
                });
    router_.add("POST", "/api/keys/verify", [this](Request& request, PathParameters) { return verify(request); });
}

void FakeUpstream::add_controls()
{
    router_.add("GET", "/sandbox/requests", [this](Request&, PathParameters) -> Outcome {
        json::object counts;
        for (const auto& [name, count] : counts_)
            counts[name] = count;
        co_return answer(200, json::serialize(counts));
    });
    router_.add("DELETE", "/sandbox/requests", [this](Request&, PathParameters) -> Outcome {
        counts_.clear();
        co_return answer(200, "{}");
    });
    router_.add("POST", "/sandbox/faults", [this](Request& request, PathParameters) -> Outcome {
        if (auto changed = change(scenario_.faults, object_of(co_await body_of(request))); !changed)
            co_return error(422, changed.error().detail);
        faulty_requests_ = 0;
        co_return answer(200, "{}");
    });
    router_.add("POST", "/sandbox/batches/{batch_id}/review", [this](Request& request, PathParameters parameters) {
        return review(request, std::move(parameters[0]));
    });
}

awaitable<Response> FakeUpstream::handle(Request& request)
{
    if (scenario_.faults.latency.count() > 0 && request.path.starts_with("/api/")) {
        asio::steady_timer timer(co_await asio::this_coro::executor, scenario_.faults.latency);
        co_await timer.async_wait(proxy::as_result);
    }
    auto response = co_await router_.route(request);
    if (scenario_.faults.accept_writes && !request.is_safe() && (response.status == 404 || response.status == 405))
        co_return answer(200, "{}");
    co_return response;
}

std::string FakeUpstream::batch_status(const Plan& plan)
{
    if (plan.failed)
        return "failed";
    return plan.polls_until_completed > 0 && polls_[plan.batch_id]++ < plan.polls_until_completed ? "processing"
                                                                                                  : "completed";
}

FakeUpstream::Outcome FakeUpstream::status(Request& request, const Plan& plan)
{
    auto document = generator_.status(plan, batch_status(plan), reviews_[plan.batch_id]);
    const auto asks = [&request](const char* text) { return request.query.find(text) != std::string::npos; };
    const auto lists = scenario_.faults.lists_videos;
    if (asks("include_videos=false") || lists == Lists::never ||
        (lists == Lists::on_request && !asks("include_videos=true")))
        document.erase("videos");
    auto response = answer(200, json::serialize(document));
    if (!scenario_.faults.validators)
        co_return response;
    auto& body = std::get<std::string>(response.body);
    const auto etag = '"' + batch::to_hex(batch::digest_of({body})).substr(0, 16) + '"';
    response.fields.add("ETag", etag);
    if (request.fields.get("If-None-Match") == etag) {
        ++counts_["not_modified"];
        response.status = 304;
        body.clear();
    }
    co_return response;
}

FakeUpstream::Outcome FakeUpstream::bulk(Request& request, const Plan& plan)
{
    const auto body = object_of(co_await body_of(request));
    if (scenario_.faults.speaks == Speaks::filter_batch)
        co_return error(404, "Not Found");
    const auto* ids = body.if_contains("video_ids");
    if (ids == nullptr || !ids->is_array())
        co_return answer(422, R"({"detail":[{"loc":["body","video_ids"],"msg":"field required"}]})");
    if (ids->get_array().size() > most_video_ids)
        co_return error(422, "At most 500 video_ids per request");
    std::vector<std::string> video_ids;
    for (const auto& id : ids->get_array())
        if (id.is_string())
            video_ids.emplace_back(id.get_string());
    for (const auto& id : video_ids)
        if (!scenario_.faults.failing_video.empty() && id == scenario_.faults.failing_video)
            co_return error(500, "Internal error while loading " + id);
    const bool with_source_uri = request.query.find("include_source_uri=true") != std::string::npos;
    co_return answer(200, bulk_document(plan, video_ids, with_source_uri));
}

std::string FakeUpstream::bulk_document(const Plan& plan, const std::vector<std::string>& video_ids,
                                        bool with_source_uri)
{
    json::array analyses;
    json::array unresolved;
    for (const auto& id : video_ids) {
        const auto index = plan.video_index(id);
        auto item = index ? generator_.item(plan, *index, reviews_[plan.batch_id]) : std::nullopt;
        if (!item) {
            unresolved.emplace_back(id);
            continue;
        }
        if (!with_source_uri)
            item->erase("import_source_uri");
        analyses.push_back(std::move(*item));
    }
    return json::serialize(json::object{{"analyses", std::move(analyses)},
                                        {"unresolved_video_ids", std::move(unresolved)},
                                        {"not_found_analysis_ids", json::array{}}});
}

FakeUpstream::Outcome FakeUpstream::filter_batch(Request& request, const Plan& plan)
{
    const auto body = object_of(co_await body_of(request));
    if (scenario_.faults.speaks == Speaks::bulk)
        co_return error(404, "Not Found");
    const auto source = json::serialize(generator_.status(plan, batch_status(plan), reviews_[plan.batch_id]));
    const auto status = batch::parse_status(source, plan.batch_id);
    std::vector<std::string> ids;
    for (const auto& pointer : status->videos)
        ids.push_back(pointer.video_id);
    const auto bulk = batch::parse_bulk(*status, status->videos, bulk_document(plan, ids, true));

    batch::Representation representation;
    if (const auto* filter = body.if_contains("filter"); filter != nullptr && filter->is_array()) {
        std::vector<std::string> values;
        for (const auto& value : filter->get_array())
            values.emplace_back(value.is_string() ? std::string_view(value.get_string()) : "?");
        auto approvals = batch::parse_approvals(values);
        if (!approvals)
            co_return error(422, approvals.error().detail);
        representation.selection.approvals = *approvals;
    }
    auto renderer = batch::make_renderer(*status, representation);
    std::string document;
    renderer->begin(document);
    for (const auto& record : bulk->records)
        renderer->video(record, document);
    renderer->end(document);
    co_return answer(200, std::move(document));
}

FakeUpstream::Outcome FakeUpstream::metadata(Request& request, const Plan& plan)
{
    const auto body = object_of(co_await body_of(request));
    const auto* text = body.if_contains("metadata");
    const auto added =
        text != nullptr && text->is_string() ? object_of(std::string(text->get_string())) : json::object{};
    auto& metadata = reviews_[plan.batch_id].metadata;
    for (const auto& [name, value] : added)
        metadata[name] = value;
    co_return answer(200, json::serialize(json::object{{"batch_id", plan.batch_id}, {"metadata", metadata}}));
}

FakeUpstream::Outcome FakeUpstream::verify(Request& request)
{
    ++counts_["verify"];
    const auto user = user_of(key_of(request));
    if (user.empty())
        co_return error(401, "Invalid API key");
    co_return answer(200, json::serialize(json::object{{"valid", true},
                                                       {"user_id", user},
                                                       {"uid", user},
                                                       {"email", user + "@example.invalid"},
                                                       {"org_id", "org-1"}}));
}

// {"video": 0, "event": 1, "approval": "approved"}, the same many times over in {"approvals": [...]}, and
// {"review_status": "reviewed"}.
FakeUpstream::Outcome FakeUpstream::review(Request& request, std::string batch_id)
{
    const auto body = object_of(co_await body_of(request));
    auto& review = reviews_[batch_id];
    const auto approve = [&review](const json::object& change) {
        const auto video = change.at("video").to_number<std::uint32_t>();
        const auto event = change.at("event").to_number<std::uint32_t>();
        review.approvals[{video, event}] = std::string_view(change.at("approval").as_string());
    };
    try {
        if (body.contains("approval"))
            approve(body);
        if (const auto* changes = body.if_contains("approvals"))
            for (const auto& change : changes->as_array())
                approve(change.as_object());
        if (body.contains("review_status"))
            review.review_status = std::string_view(body.at("review_status").as_string());
    } catch (const std::exception& wrong) {
        co_return error(422, wrong.what());
    }
    co_return answer(200, "{}");
}

Response FakeUpstream::with_faults(Response response)
{
    const auto& faults = scenario_.faults;
    const auto number = ++faulty_requests_;
    if (faults.refuse != 0)
        return error(faults.refuse, "Refused on purpose");
    if (faults.age != 0)
        response.fields.add("Age", std::to_string(faults.age));
    const auto strikes = [number](std::uint32_t every) { return every != 0 && number % every == 0; };
    if (strikes(faults.rate_limit_every)) {
        auto refused = error(429, "Rate limit exceeded");
        refused.fields.add("Retry-After", std::to_string(faults.retry_after));
        return refused;
    }
    if (strikes(faults.error_every))
        return error(503, "Service temporarily unavailable");
    if (strikes(faults.reset_every))
        return cut_short(std::move(response));
    if (strikes(faults.truncate_every)) {
        auto& body = std::get<std::string>(response.body);
        body.resize(body.size() / 2);
        return response;
    }
    if (strikes(faults.html_every)) {
        response = answer(200, "<html><body>Please sign in to the airport network</body></html>");
        response.fields.set("Content-Type", "text/html");
    }
    return response;
}

} // namespace nomadic::sandbox
