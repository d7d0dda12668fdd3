#include "daemon/front_door.hpp"

#include "base/log.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/http/page_guard.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/server_timing.hpp"
#include "proxy/http/via.hpp"

namespace nomadic::daemon {

using proxy::awaitable;

namespace {

Failure came_back()
{
    return {.code = Errc::loop_detected,
            .detail = "This request has been through this daemon before: its upstream leads back to it. Set "
                      "upstream.base_url to the API itself, or to another daemon.",
            .members = {}};
}

} // namespace

awaitable<proxy::Response> FrontDoor::handle(proxy::Request& request)
{
    const auto begun = std::chrono::steady_clock::now();
    auto response = co_await answer(request);
    hosts_.allow_origin(request, response);
    const auto finished = std::chrono::steady_clock::now(); // before the wall clock, so that nothing lives too long
    const auto now = clock_.now();
    // What is passed through keeps the upstream's own, but is never without a date (RFC 9110, 6.6.1).
    if (!response.forwarded || !response.fields.has("Date"))
        response.fields.set("Date", proxy::http_date(now));
    if (!response.forwarded)
        proxy::keep_from_pages(response.fields);
    auto note = note_of(request, response);
    note(request.peer, request.request_id, finished - begun);
    if (response.same_until) {
        const auto date_moves_on = std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds{1};
        const auto until = std::min<TimePoint>(*response.same_until, date_moves_on);
        auto again = [this, note = std::move(note), rendered = response.fields.has("X-Total-Count")](
                         const proxy::Peer& peer, std::string_view request_id, std::chrono::nanoseconds took) {
            if (rendered)
                renderings_.count_hit();
            note(peer, request_id, took);
        };
        response.repeat = std::make_shared<const proxy::Repeat>(finished + (until - now), std::move(again));
    }
    co_return response;
}

proxy::Repeat::Note FrontDoor::note_of(const proxy::Request& request, const proxy::Response& response)
{
    // The path alone: a query may hold what somebody searches for.
    log::PreparedLine line(log::Level::info, "request",
                           {{"method", request.method},
                            {"path", request.path},
                            {"status", std::to_string(response.status), log::Kind::number},
                            {"cache", response.fields.get("Cache-Status")},
                            {"error", response.failure}});
    return [series = metrics_.series(request, response), line = std::move(line)](
               const proxy::Peer& peer, std::string_view request_id, std::chrono::nanoseconds took) {
        series.count(took);
        std::string milliseconds;
        proxy::append_milliseconds(took, milliseconds);
        line.write({{"ms", milliseconds, log::Kind::number}, {"peer", peer.address}, {"request_id", request_id}});
    };
}

awaitable<proxy::Response> FrontDoor::answer(proxy::Request& request)
{
    if (proxy::has_been_here(request.fields))
        co_return proxy::problem(came_back(), request.target);
    if (auto allowed = peers_.check(request.peer); !allowed) {
        auto refusal = proxy::problem(allowed.error(), request.target);
        refusal.close = true;
        co_return refusal;
    }
    if (auto allowed = hosts_.check(request); !allowed)
        co_return proxy::problem(allowed.error(), request.target);
    if (auto preflight = hosts_.preflight(request))
        co_return std::move(*preflight);
    if (hosts_.uses_tokens())
        request.fields.remove("Authorization"); // it was ours, and must not go upstream
    co_return co_await router_.route(request);
}

} // namespace nomadic::daemon
