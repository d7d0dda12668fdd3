#include "daemon/app.hpp"
#include "daemon/command.hpp"
#include "daemon/descriptors.hpp"
#include "daemon/hardening.hpp"
#include "daemon/passed_sockets.hpp"
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

Result<config::Settings> load(const ServeOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return loaded.error();
    if (auto usable = listen_on(options.app.sockets, loaded->settings); !usable)
        return usable.error();
    return loaded->settings;
}

std::string listed(const std::vector<std::string>& names)
{
    std::string text;
    for (const auto& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "nothing" : text;
}

// What can change while running changes; for the rest a restart is needed, and said to be.
void reload(App& app, const ServeOptions& options)
{
    auto settings = load(options);
    auto reloaded = settings ? app.reload(*settings) : settings.error();
    if (!reloaded) {
        log::error("the configuration was not reloaded", {{"error", reloaded.error().detail}});
        return;
    }
    log::info("the configuration was reloaded", {{"changed", listed(reloaded->changed)}});
    if (!reloaded->need_restart.empty())
        log::warn("settings that differ but need a restart", {{"settings", listed(reloaded->need_restart)}});
}

awaitable<void> reload_on_hangup(boost::asio::signal_set& hangups, App& app, const ServeOptions& options)
{
    for (;;) {
        auto [error, number] = co_await hangups.async_wait(proxy::as_result);
        if (error)
            co_return;
        notify_reloading();
        reload(app, options);
        notify_ready();
    }
}

// From the loop itself, so that a loop that is stuck is found out.
awaitable<void> feed_watchdog(std::chrono::microseconds interval)
{
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    for (;;) {
        notify_alive();
        timer.expires_after(interval / 2);
        auto [error] = co_await timer.async_wait(proxy::as_result);
        if (error)
            co_return;
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
        boost::asio::co_spawn(app.loop(), reload_on_hangup(hangup_, app, options), boost::asio::detached);
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
                        {"upstream", options.app.offline || !options.app.bundle.empty() ? "none (offline)"
                                                                                        : settings.upstream.base_url},
                        {"key", app.key_origin().empty() ? "the clients' own" : app.key_origin()}});
    if (const auto interval = watchdog_interval())
        boost::asio::co_spawn(app.loop(), feed_watchdog(*interval), boost::asio::detached);
    notify_ready();
    app.run();
}

int serve(ServeOptions& options)
{
    forbid_dumps();
    auto sockets = passed_sockets();
    if (!sockets)
        return fail(sockets.error());
    options.app.sockets = std::move(*sockets);
    auto settings = load(options);
    if (!settings)
        return fail(settings.error());
    log::configure(settings->log.level, settings->log.format);
    return_memory_early();
    raise_descriptor_limit();
    auto app = App::make(*settings, process_environment(), options.app);
    wipe_keys_from_environment();
    if (!app)
        return fail(app.error());

    run(**app, *settings, options);
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
    app.add_option("--bundle", options->app.bundle,
                   "Serve this bundle, read-only and offline; no data directory is needed");
    return [options] { return serve(*options); };
}

} // namespace nomadic::daemon
