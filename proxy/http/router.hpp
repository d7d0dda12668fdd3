#pragma once

// Method and path to handler. Patterns are literal segments and `{name}`s, which match one segment each. Loop thread.

#include "proxy/http/message.hpp"

#include <string_view>

namespace nomadic::proxy {

// The decoded values of a pattern's `{name}`s, in their order.
using PathParameters = std::vector<std::string>;
using RouteHandler = std::function<awaitable<Response>(Request&, PathParameters)>;

// Whether a route reads the query. One that does not refuses what is there: who wrote it expects something of it.
enum class ReadsQuery { yes, no };

class Router {
public:
    void add(std::string_view method, std::string_view pattern, RouteHandler handler,
             ReadsQuery reads_query = ReadsQuery::yes);
    // Whatever matches no pattern but begins with `prefix`.
    void add_prefix(std::string_view prefix, RouteHandler handler);

    // Answers HEAD with GET's handler, OPTIONS with Allow, and everything unknown with a problem document.
    awaitable<Response> route(Request& request) const;

private:
    struct Route {
        std::string method;
        std::string pattern;
        std::vector<std::string> segments;
        RouteHandler handler;
        ReadsQuery reads_query = ReadsQuery::yes;
    };

    std::vector<Route> routes_;
    std::vector<std::pair<std::string, RouteHandler>> prefixes_;
};

} // namespace nomadic::proxy
