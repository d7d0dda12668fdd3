#include "proxy/passthrough.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"

namespace nomadic::proxy {

namespace {

Failure not_forwarded(const Request& request, const char* why)
{
    return {.code = Errc::not_implemented,
            .detail = request.method + " " + request.path + " is not forwarded: " + why,
            .members = {}};
}

} // namespace

std::string batch_named_by(std::string_view path)
{
    for (const std::string_view prefix : {"/api/batch/", "/api/batches/"}) {
        if (!path.starts_with(prefix))
            continue;
        const auto rest = path.substr(prefix.size());
        const auto id = percent_decode(rest.substr(0, rest.find('/')));
        return id ? *id : std::string{};
    }
    return {};
}

void Passthrough::add_to(Router& router)
{
    router.add_prefix("/api/", [this](Request& request, PathParameters) { return forward(request); });
}

awaitable<Response> Passthrough::forward(Request& request)
{
    if (upstream_ == nullptr)
        co_return problem({.code = Errc::offline_miss,
                           .detail = "The daemon is offline, and " + request.path + " is not cached.",
                           .members = {}},
                          request.target);
    if (mode_ == config::PassthroughMode::off || (mode_ == config::PassthroughMode::safe_methods && !request.is_safe()))
        co_return problem(not_forwarded(request, "passthrough.mode does not allow it."), request.target);

    // With keys of their own, the clients' requests go through as they are: the upstream judges them.
    Identity identity;
    const bool names_batch = !request.is_safe() && !batch_named_by(request.path).empty();
    if (credentials_.daemon_mode() || names_batch) {
        auto identified = co_await credentials_.identify(request);
        if (!identified)
            co_return problem(identified.error(), request.target);
        identity = std::move(*identified);
    }
    auto response = co_await upstream_->forward(request, {identity.credential, request.request_id});
    if (!response)
        co_return problem(response.error(), request.target);
    if (names_batch && response->status < 400)
        co_await note_write(request, std::move(identity));
    response->fields.set("Cache-Status", "nomadic-cached; fwd=bypass");
    co_return std::move(*response);
}

awaitable<void> Passthrough::note_write(const Request& request, Identity identity)
{
    const auto key = co_await batches_.locate(std::move(identity), batch_named_by(request.path));
    co_await batches_.invalidate(key);
}

} // namespace nomadic::proxy
