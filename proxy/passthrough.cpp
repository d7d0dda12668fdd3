#include "proxy/passthrough.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

Failure not_forwarded(const Request& request, const char* why)
{
    return {.code = Errc::not_implemented,
            .detail = request.method + " " + request.path + " is not forwarded: " + why,
            .members = {}};
}

} // namespace

// Whoever reads the path, and whether or not its escapes and dots are resolved first, finds what it names among these.
std::vector<std::string> names_in(const Request& request)
{
    std::vector<std::string> names;
    const auto path = percent_decode(request.path);
    std::string_view rest = path ? *path : request.path;
    while (!rest.empty()) {
        const auto segment = rest.substr(0, rest.find('/'));
        if (!segment.empty())
            names.emplace_back(segment);
        rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    }
    if (auto parameters = parse_query(request.query))
        for (auto& [name, value] : *parameters)
            if (!value.empty())
                names.push_back(std::move(value));
    return names;
}

void Passthrough::add_to(Router& router)
{
    router.add_prefix("/api/", [this](Request& request, PathParameters) { return forward(request); });
}

awaitable<Response> Passthrough::forward(Request& request)
{
    if (upstream_ == nullptr)
        co_return api_problem({.code = Errc::offline_miss,
                               .detail = "The daemon is offline, and " + request.path + " is not cached.",
                               .members = {}},
                              request);
    if (request.method == "TRACE")
        co_return problem(not_forwarded(request, "its answer would show the key that goes with it."), request.target);
    if (mode_ == config::PassthroughMode::off || (mode_ == config::PassthroughMode::safe_methods && !request.is_safe()))
        co_return problem(not_forwarded(request, "passthrough.mode does not allow it."), request.target);

    const auto resolved = resolve_path(request.path);
    if (!resolved || !resolved->starts_with("/api/"))
        co_return problem({.code = Errc::bad_request,
                           .detail = "Whoever resolves the path " + request.path +
                                     " may end up outside of /api/, which is all that is forwarded.",
                           .members = {}},
                          request.target);

    // With keys of their own, the clients' requests go through as they are: the upstream judges them.
    Identity identity;
    if (credentials_.daemon_mode()) {
        auto identified = co_await credentials_.identify(request);
        if (!identified)
            co_return problem(identified.error(), request.target);
        identity = std::move(*identified);
    }
    auto response = co_await upstream_->forward(request, {identity.credential, request.request_id});
    if (!response)
        co_return problem(response.error(), request.target);
    if (!request.is_safe() && response->status < 400)
        co_await batches_.invalidate(names_in(request));
    // RFC 9211, 2: each cache on the way adds itself after those nearer to the origin.
    const auto before = response->fields.joined("Cache-Status");
    response->fields.set("Cache-Status", (before.empty() ? "" : before + ", ") + "nomadic-cached; fwd=bypass");
    co_return std::move(*response);
}

} // namespace nomadic::proxy
