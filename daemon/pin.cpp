#include "daemon/client.hpp"
#include "daemon/command.hpp"

#include "proxy/http/url.hpp"

#include <iostream>

namespace nomadic::daemon {

namespace {

struct PinOptions {
    ConfigOptions config;
    std::string server;
    std::vector<std::string> batches;
    bool remove = false;
};

int pin(const PinOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    const Client client(options.server, loaded->settings.server);
    int status = exit_done;
    for (const auto& batch : options.batches) {
        auto reply =
            client.request(options.remove ? "DELETE" : "PUT", "/v1/batches/" + proxy::percent_encode(batch) + "/pin");
        if (!reply)
            return fail(reply.error());
        if (reply->status == 200)
            std::cout << batch << (options.remove ? ": may be evicted again\n" : ": stays\n");
        else
            status = report(*reply);
    }
    return status;
}

Run setup(CLI::App& app, const std::shared_ptr<PinOptions>& options)
{
    options->config.add_to(app);
    app.add_option("batches", options->batches, "Batch ids")->required();
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return pin(*options); };
}

} // namespace

Run setup_pin(CLI::App& app)
{
    auto options = std::make_shared<PinOptions>();
    app.add_flag("--remove", options->remove, "Let them be evicted again");
    return setup(app, options);
}

Run setup_unpin(CLI::App& app)
{
    auto options = std::make_shared<PinOptions>();
    options->remove = true;
    return setup(app, options);
}

} // namespace nomadic::daemon
