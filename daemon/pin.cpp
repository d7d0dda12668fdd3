#include "daemon/named_batches.hpp"

#include <iostream>

namespace nomadic::daemon {

namespace {

struct PinOptions {
    NamedBatches named;
    bool remove = false;
};

int pin(const PinOptions& options)
{
    const auto ask = [&](const Client& client, const std::string& path) {
        return client.request(options.remove ? "DELETE" : "PUT", path + "/pin");
    };
    const auto tell = [&](const std::string& batch_id, const Reply&) -> int {
        std::cout << batch_id << (options.remove ? ": may be evicted again\n" : ": stays\n");
        return exit_done;
    };
    return for_each_batch(options.named, ask, tell);
}

Run setup(CLI::App& app, const std::shared_ptr<PinOptions>& options)
{
    options->named.add_to(app);
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
