#pragma once

// Routes whose answer depends on who asks. Loop thread.

#include "proxy/http/router.hpp"
#include "proxy/service/credentials.hpp"

namespace nomadic::proxy {

using IdentifiedHandler = std::function<awaitable<Result<Response>>(Request&, Identity, PathParameters)>;

// Tells `handler` who asks. What fails is answered by its problem document, also when it can't be told who asks.
// `credentials` must outlive what is returned.
RouteHandler identified(Credentials& credentials, IdentifiedHandler handler);

} // namespace nomadic::proxy
