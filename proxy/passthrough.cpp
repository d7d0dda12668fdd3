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

// The upstream may resolve a path before it looks at it, so that is what counts.
Named named_by(std::string_view path)
{
    const auto resolved = resolve_path(path).value_or(std::string{});
    const auto after = [&resolved](std::initializer_list<std::string_view> prefixes) {
        for (const auto prefix : prefixes)
            if (resolved.starts_with(prefix))
                return resolved.substr(prefix.size(), resolved.find('/', prefix.size()) - prefix.size());
        return std::string{};
    };
    return {after({"/api/batch/", "/api/batches/"}), after({"/api/video/", "/api/videos/"})};
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
    const bool may_change = !request.is_safe() && named_by(request.path).anything();
    if (credentials_.daemon_mode() || may_change) {
        auto identified = co_await credentials_.identify(request);
        if (!identified)
            co_return problem(identified.error(), request.target);
        identity = std::move(*identified);
    }
    auto response = co_await upstream_->forward(request, {identity.credential, request.request_id});
    if (!response)
        co_return problem(response.error(), request.target);
    if (may_change && response->status < 400)
        co_await note_write(request.path, std::move(identity));
    // RFC 9211, 2: each cache on the way adds itself after those nearer to the origin.
    const auto before = response->fields.joined("Cache-Status");
    response->fields.set("Cache-Status", (before.empty() ? "" : before + ", ") + "nomadic-cached; fwd=bypass");
    co_return std::move(*response);
}

awaitable<void> Passthrough::note_write(std::string path, Identity identity)
{
    const auto named = named_by(path);
    std::vector<cache::Key> keys;
    if (!named.batch_id.empty()) {
        auto key = co_await batches_.locate(std::move(identity), named.batch_id);
        keys.push_back(std::move(key));
    } else {
        auto find = [scopes = identity.scopes, id = named.video_id](cache::Store& store) {
            return store.batches_with(scopes, id);
        };
        auto found = co_await store_.read(std::move(find));
        if (found)
            keys = std::move(*found);
    }
    for (const auto& key : keys)
        co_await batches_.invalidate(key);
}

} // namespace nomadic::proxy
