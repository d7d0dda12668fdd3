#include "daemon/app.hpp"
#include "daemon/command.hpp"
#include "daemon/sd_notify.hpp"

#include "base/log.hpp"

#include <boost/asio/signal_set.hpp>

#include <malloc.h>

namespace nomadic::daemon {

namespace {

using proxy::awaitable;

struct ServeOptions {
    ConfigOptions config;
    AppOptions app;
};

// What can change while running changes; for the rest a restart is needed, and said to be.
void reload(const ServeOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded) {
        log::error("the configuration was not reloaded", {{"error", loaded.error().detail}});
        return;
    }
    log::configure(loaded->settings.log.level, loaded->settings.log.format);
    log::info("log.level and log.format were reloaded; every other setting needs a restart");
}

awaitable<void> reload_on_hangup(boost::asio::signal_set& hangups, const ServeOptions& options)
{
    for (;;) {
        auto [error, number] = co_await hangups.async_wait(proxy::as_result);
        if (error)
            co_return;
        reload(options);
    }
}

// What a large batch took goes back to the system when it is done: threads share few arenas, and large blocks are
// mapped one by one whatever has been freed before.
void return_memory_early()
{
    constexpr int arenas = 2, mapped_alone = 1024 * 1024;
    ::mallopt(M_ARENA_MAX, arenas);
    ::mallopt(M_MMAP_THRESHOLD, mapped_alone);
    ::mallopt(M_TRIM_THRESHOLD, mapped_alone);
}

// The signal sets refer to the app's loop, so they must go first.
class Signals {
public:
    Signals(App& app, const ServeOptions& options) : stop_(app.loop(), SIGTERM, SIGINT), hangup_(app.loop(), SIGHUP)
    {
        stop_.async_wait([&app](boost::system::error_code error, int number) {
            if (error)
                return;
            log::info("stopping", {{"signal", std::to_string(number)}});
            notify_stopping();
            app.stop();
        });
        boost::asio::co_spawn(app.loop(), reload_on_hangup(hangup_, options), boost::asio::detached);
    }

private:
    boost::asio::signal_set stop_;
    boost::asio::signal_set hangup_;
};

// Signals are taken before readiness is told: whoever waits for it may send one at once.
void run(App& app, const config::Settings& settings, const ServeOptions& options)
{
    Signals signals(app, options);
    for (const auto& address : app.addresses())
        log::info("listening", {{"address", address}});
    log::info("ready", {{"version", NOMADIC_CACHED_VERSION},
                        {"upstream", options.app.offline ? "none (offline)" : settings.upstream.base_url},
                        {"key", app.key_origin().empty() ? "the clients' own" : app.key_origin()}});
    notify_ready();
    app.run();
}

int serve(const ServeOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    log::configure(loaded->settings.log.level, loaded->settings.log.format);
    return_memory_early();
    auto app = App::make(loaded->settings, process_environment(), options.app);
    if (!app)
        return fail(app.error());

    run(**app, loaded->settings, options);
    app->reset();
    log::info("stopped");
    log::flush();
    return exit_done;
}

} // namespace

Run setup_serve(CLI::App& app)
{
    auto options = std::make_shared<ServeOptions>();
    options->config.add_to(app);
    app.add_flag("--offline", options->app.offline, "Open no outbound connection, ever; serve what is stored");
    return [options] { return serve(*options); };
}

} // namespace nomadic::daemon
