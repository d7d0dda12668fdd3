#include "config/describe.hpp"
#include "daemon/command.hpp"

#include <iostream>

namespace nomadic::daemon {

namespace {

struct ShowSettingsOptions {
    ConfigOptions config;
    bool reference = false;
    bool manual = false;
};

int show_settings(const ShowSettingsOptions& options)
{
    if (options.reference || options.manual) {
        std::cout << (options.reference ? config::reference() : config::manual());
        return exit_done;
    }
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    auto key = config::find_api_key(loaded->settings.auth, process_environment());
    if (!key)
        return fail(key.error());
    std::cout << config::describe(*loaded)
              << "\n# The API key: " << (key->key ? "from " + key->origin : "none, so the clients' own keys are used")
              << "\n"
              << "# The store: " << config::data_dir(loaded->settings.cache, process_environment()) << "\n";
    return exit_done;
}

} // namespace

Run setup_config(CLI::App& app)
{
    auto options = std::make_shared<ShowSettingsOptions>();
    options->config.add_to(app);
    app.add_flag("--reference", options->reference, "Print a configuration file with every key commented out instead");
    app.add_flag("--manual", options->manual, "Print the manual page of that file instead, as Markdown");
    return [options] { return show_settings(*options); };
}

} // namespace nomadic::daemon
