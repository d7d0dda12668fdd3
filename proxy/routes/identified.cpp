#include "proxy/routes/identified.hpp"

#include "proxy/http/problem.hpp"

namespace nomadic::proxy {

RouteHandler identified(Credentials& credentials, IdentifiedHandler handler)
{
    return [&credentials, handler = std::move(handler)](Request& request,
                                                        PathParameters parameters) -> awaitable<Response> {
        auto identity = co_await credentials.identify(request);
        if (!identity)
            co_return problem(identity.error(), request.target);
        auto response = co_await handler(request, std::move(*identity), std::move(parameters));
        if (!response)
            co_return problem(response.error(), request.target);
        co_return std::move(*response);
    };
}

} // namespace nomadic::proxy
