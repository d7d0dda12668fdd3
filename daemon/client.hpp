#pragma once

// Asks a running daemon, for the commands. Blocks.

#include "base/error.hpp"
#include "config/settings.hpp"

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

    // Fails when no daemon answers there, saying how to start one.
    Result<Reply> request(std::string method, std::string target, std::string accept = "application/json") const;

private:
    std::string server_;
    std::string token_; // a local bearer token, if the daemon asks for one
};

// A reply that is no success, as a command reports it: its `detail` on standard error, and the exit status.
int report(const Reply& reply);

} // namespace nomadic::daemon
