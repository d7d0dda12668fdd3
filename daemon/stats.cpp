#include "daemon/client.hpp"
#include "daemon/command.hpp"

#include <iostream>

namespace nomadic::daemon {

Run setup_stats(CLI::App& app)
{
    auto config = std::make_shared<ConfigOptions>();
    auto server = std::make_shared<std::string>();
    config->add_to(app);
    app.add_option("--server", *server, "The daemon: http://host:port or unix:PATH");
    return [config, server]() -> int {
        auto loaded = config->load();
        if (!loaded)
            return fail(loaded.error());
        auto reply = Client(*server, loaded->settings.server).request("GET", "/v1/status");
        if (!reply)
            return fail(reply.error());
        if (reply->status != 200)
            return report(*reply);
        std::cout << reply->body << "\n";
        return exit_done;
    };
}

} // namespace nomadic::daemon
