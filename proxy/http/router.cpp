#include "proxy/http/router.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

template <class Text>
std::vector<Text> split_path(std::string_view path)
{
    std::vector<Text> segments;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        segments.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

bool is_parameter(std::string_view segment)
{
    return segment.starts_with('{');
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path)
{
    return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                      [](const auto& want, auto have) { return is_parameter(want) ? !have.empty() : want == have; });
}

Result<PathParameters> parameters_of(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path)
{
    PathParameters parameters;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_parameter(pattern[i]))
            continue;
        auto decoded = percent_decode(path[i]);
        if (!decoded)
            return decoded.error();
        if (auto checked = check_segment(*decoded); !checked)
            return checked.error();
        parameters.push_back(std::move(*decoded));
    }
    return parameters;
}

Response other_method(const Request& request, const std::string& allow)
{
    Response response{.status = 204};
    if (request.method != "OPTIONS")
        response = problem({.code = Errc::method_not_allowed,
                            .detail = request.path + " takes " + allow + ", not " + request.method + ".",
                            .members = {}},
                           request.target);
    response.fields.add("Allow", allow);
    return response;
}

} // namespace

void Router::add(std::string_view method, std::string_view pattern, RouteHandler handler, ReadsQuery reads_query)
{
    routes_.push_back(
        {std::string(method), std::string(pattern), split_path<std::string>(pattern), std::move(handler), reads_query});
}

void Router::add_prefix(std::string_view prefix, RouteHandler handler)
{
    prefixes_.emplace_back(prefix, std::move(handler));
}

awaitable<Response> Router::route(Request& request) const
{
    const auto path = split_path<std::string_view>(request.path);
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allow;
    for (const auto& route : routes_) {
        if (!matches(route.segments, path))
            continue;
        if (route.method != method) {
            allow += (allow.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
            continue;
        }
        request.route = route.pattern;
        auto parameters = parameters_of(route.segments, path);
        if (!parameters)
            co_return problem(parameters.error(), request.target);
        if (route.reads_query == ReadsQuery::no && !request.query.empty())
            co_return problem(bad_request(request.path + " takes no parameters. Leave out what follows the '?'."),
                              request.target);
        co_return co_await route.handler(request, std::move(*parameters));
    }
    for (const auto& [prefix, handler] : prefixes_)
        if (request.path.starts_with(prefix)) {
            request.route = prefix;
            co_return co_await handler(request, {});
        }
    if (!allow.empty())
        co_return other_method(request, allow);
    co_return problem({.code = Errc::not_found,
                       .detail = "Nothing is served at " + request.path +
                                 ". GET /openapi.json lists what is; a batch is at /v1/batches/{batch_id}/analysis.",
                       .members = {}},
                      request.target);
}

} // namespace nomadic::proxy
