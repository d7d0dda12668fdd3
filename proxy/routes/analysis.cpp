#include "proxy/routes/analysis.hpp"

#include "proxy/http/cache_control.hpp"
#include "proxy/http/cache_status.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/server_timing.hpp"
#include "proxy/http/url.hpp"
#include "proxy/routes/analysis_query.hpp"
#include "proxy/service/delivery.hpp"

namespace nomadic::proxy {

namespace {

// With the daemon's own key, what a client sends as its key changes nothing.
std::string vary(const Credentials& credentials)
{
    return credentials.daemon_mode() ? "Accept, Accept-Encoding" : "Accept, Accept-Encoding, Authorization, X-API-Key";
}

void describe(const Answer& answer, batch::Format format, Coding coding, std::string etag, Fields& fields)
{
    if (coding != Coding::identity)
        fields.set("Content-Encoding", std::string(to_string(coding)));
    describe_freshness(answer.provenance, fields);
    fields.set("Content-Type", std::string(batch::media_type(format)));
    fields.set("ETag", std::move(etag));
    fields.set("Last-Modified", http_date(answer.snapshot.fetched_at));
    fields.set("Accept-Ranges", "bytes");
    if (!answer.held)
        fields.set("X-Snapshot", std::to_string(answer.snapshot.id));
}

// X-Total-Count, as far as the counts that are kept of a snapshot tell.
std::optional<std::uint64_t> counted_events(const Answer& answer, const batch::Representation& wanted)
{
    const bool one_each =
        wanted.format != batch::Format::geojson && wanted.columns.profile != batch::CsvProfile::sdk_0_1_53;
    if (!one_each || !wanted.selection.narrowing.empty())
        return std::nullopt;
    return answer.snapshot.event_count(wanted.selection);
}

} // namespace

void AnalysisRoute::add_to(Router& router)
{
    const auto add = [&](std::string_view pattern, Wanted wanted) {
        router.add("GET", pattern, [this, wanted](Request& request, PathParameters parameters) {
            return get(request, std::move(parameters[0]), wanted);
        });
    };
    add("/v1/batches/{batch_id}/analysis", Wanted::analysis);
    add("/v1/batches/{batch_id}/facets", Wanted::facets);
}

awaitable<Response> AnalysisRoute::get(Request& request, std::string batch_id, Wanted wanted)
{
    auto response = co_await respond(request, std::move(batch_id), wanted);
    if (!response)
        co_return problem(response.error(), request.target);
    co_return std::move(*response);
}

// Under the name that the client knows us by, which the host guard has looked at.
awaitable<Result<batch::LocalThumbnails>> AnalysisRoute::local_thumbnails(const Request& request, cache::Key key)
{
    batch::LocalThumbnails local;
    local.base = (request.peer.encrypted ? "https://" : "http://") + std::string(request.fields.get("Host")) +
                 "/v1/batches/" + percent_encode(key.batch_id) + "/thumbnails/";
    auto ids = co_await thumbnails_.stored(std::move(key));
    if (!ids)
        co_return ids.error();
    local.ids = std::move(*ids);
    co_return local;
}

awaitable<Result<Response>> AnalysisRoute::respond(Request& request, std::string batch_id, Wanted wanted)
{
    const auto begun = std::chrono::steady_clock::now();
    auto query = parse_analysis_query(request);
    if (!query)
        co_return query.error();
    query->representation.dashboard_url = dashboard_url_;
    if (wanted == Wanted::facets)
        query->representation.format = batch::Format::facets;
    auto identity = co_await credentials_.identify(request);
    if (!identity)
        co_return identity.error();
    const auto identity_until = identity->until;

    Want want{.identity = std::move(*identity),
              .batch_id = std::move(batch_id),
              .request_id = request.request_id,
              .directives = request_directives(request.fields),
              .partial = query->allow_partial ? Partial::allowed : Partial::refused};
    Result<Answer> answer = Failure{};
    if (query->as_of)
        answer = co_await batches_.get_as_of(want, *query->as_of);
    else
        answer = co_await batches_.get(want);
    if (!answer)
        co_return answer.error();
    const auto found = std::chrono::steady_clock::now();
    if (query->local_thumbnails) {
        auto thumbnails = co_await local_thumbnails(request, answer->snapshot.key);
        if (!thumbnails)
            co_return thumbnails.error();
        query->representation.thumbnails = std::move(*thumbnails);
    }

    const auto coding = negotiate_coding(request.fields);
    const auto format = query->representation.format;
    auto etag = Renderings::etag(answer->snapshot, query->representation, coding);
    Response response;
    // Which pictures are here, and under which name, is found anew each time.
    if (answer->same_until && !query->local_thumbnails)
        response.same_until = std::min(*answer->same_until, identity_until);
    response.fields.set("Vary", vary(credentials_));
    if (not_modified(request.fields, etag, answer->snapshot.fetched_at)) {
        describe(*answer, format, coding, etag, response.fields);
        for (const char* said_before : {"Content-Type", "Content-Encoding", "Accept-Ranges", "Last-Modified"})
            response.fields.remove(said_before); // RFC 9110, 15.4.5
        response.status = 304;
        co_return response;
    }
    if (request.method == "HEAD" && !renderings_.find_hot(etag)) {
        // Not worth rendering: what only that would tell is left out (RFC 9110, 9.3.2).
        describe(*answer, format, coding, etag, response.fields);
        const auto length = co_await renderings_.measure(*answer, query->representation);
        const auto events = length ? length->events : counted_events(*answer, query->representation);
        if (length && coding == Coding::identity)
            response.content_length = length->bytes;
        if (events)
            response.fields.set("X-Total-Count", std::to_string(*events));
        response.body = Stream([](BodyWriter&) -> awaitable<Result<void>> { co_return Result<void>{}; });
        co_return response;
    }
    const auto delivery = std::make_shared<Delivery>(
        batches_, renderings_, std::move(want), std::move(query->representation), coding, query->as_of.has_value());
    auto delivers = co_await delivery->begin(std::move(*answer), std::move(etag));
    if (!delivers)
        co_return delivers.error();
    if (delivery->answer().held)
        response.same_until.reset();
    describe(delivery->answer(), format, coding, delivery->etag(), response.fields);
    response.fields.set("X-Total-Count", std::to_string(delivery->events()));
    std::string timing;
    append_server_timing(found - begun, std::chrono::steady_clock::now() - found, timing);
    response.fields.set("Server-Timing", std::move(timing));
    const auto range =
        requested_range(request, delivery->etag(), delivery->answer().snapshot.fetched_at, delivery->size());
    if (!range) {
        auto refused = problem(range.error(), request.target);
        refused.fields.set("Content-Range", unsatisfied_range(delivery->size()));
        co_return refused;
    }
    if (*range) {
        response.status = 206;
        response.fields.set("Content-Range", content_range(**range, delivery->size()));
    }
    Delivery::send(delivery, *range, response);
    co_return response;
}

} // namespace nomadic::proxy
