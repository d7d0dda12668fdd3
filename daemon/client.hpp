#pragma once

// Asks a running daemon, for the commands. Blocks.

#include "base/error.hpp"
#include "config/settings.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <functional>
#include <map>
#include <string>

namespace nomadic::daemon {

struct Reply {
    unsigned status = 0;
    std::map<std::string, std::string> fields; // names in lower case
    std::string body;
};

class Client {
public:
    // `server` is http://host:port or unix:PATH; "" for where the configuration says the daemon listens.
    Client(std::string server, const config::Server& settings);

    // Fails with Errc::upstream_unreachable when no daemon answers there, saying how to start one.
    Result<Reply> request(std::string method, std::string target, std::string accept = "application/json") const;
    // With a JSON text as body. What a 200 brings goes into the file `into`, which is written anew.
    Result<Reply> download(std::string target, std::string body, const std::string& into) const;
    // Hands what a 200 brings on as it comes.
    Result<Reply> stream(std::string target, std::string body, const std::function<void(std::string_view)>& each) const;
    // With a file as body.
    Result<Reply> upload(std::string target, const std::string& file) const;

private:
    template <class Body>
    boost::beast::http::request<Body> make_request(const std::string& method, const std::string& target) const;
    boost::beast::http::request<boost::beast::http::string_body> json_request(const std::string& target,
                                                                              std::string body) const;
    template <class Exchange>
    auto connected(Exchange exchange) const -> Result<Reply>;

    std::string server_;
    std::string token_; // a local bearer token, if the daemon asks for one
};

// A reply that is no success, as a command reports it: its `detail` on standard error, and the exit status.
int report(const Reply& reply);

} // namespace nomadic::daemon
