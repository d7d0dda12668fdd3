#include "config/describe.hpp"
#include "daemon/command.hpp"

#include <iostream>

namespace nomadic::daemon {

Run setup_config(CLI::App& app)
{
    auto options = std::make_shared<ConfigOptions>();
    options->add_to(app);
    return [options]() -> int {
        auto loaded = options->load();
        if (!loaded)
            return fail(loaded.error());
        auto key = config::find_api_key(loaded->settings.auth, process_environment());
        if (!key)
            return fail(key.error());
        std::cout << config::describe(*loaded) << "\n# The API key: "
                  << (key->key ? "from " + key->origin : "none, so the clients' own keys are used") << "\n"
                  << "# The store: " << config::data_dir(loaded->settings.cache, process_environment()) << "\n";
        return exit_done;
    };
}

} // namespace nomadic::daemon
