#include "cache/bundle.hpp"
#include "cache/file.hpp"
#include "daemon/client.hpp"
#include "daemon/command.hpp"
#include "daemon/stopped_store.hpp"

#include <boost/json.hpp>

#include <cstdio>
#include <iostream>
#include <sys/stat.h>

namespace nomadic::daemon {

namespace {

struct ExportOptions {
    ConfigOptions config;
    std::string server, output;
    std::vector<std::string> batches;
    bool history = false;
};

int done(const ExportOptions& options)
{
    std::cout << options.output << ": written\n";
    return exit_done;
}

int export_from_daemon(const ExportOptions& options, const Reply& reply, const std::string& received)
{
    if (reply.status != 200)
        return report(reply);
    if (auto whole = cache::check_bundle(received); !whole)
        return fail(whole.error());
    if (auto placed = cache::replace_file(received, options.output); !placed)
        return fail(placed.error());
    return done(options);
}

int export_from_directory(const ExportOptions& options, const std::string& data_dir)
{
    auto store = cache::open_store_read_only(data_dir);
    if (!store)
        return fail(store.error());
    auto scopes = (*store)->scopes();
    if (!scopes)
        return fail(scopes.error());
    auto keys = cache::find_batches(**store, *scopes, options.batches);
    if (!keys)
        return fail(keys.error());
    const auto states = options.history ? cache::States::all : cache::States::newest;
    if (auto written = cache::write_bundle(**store, *keys, states, options.output); !written)
        return fail(written.error());
    return done(options);
}

int export_bundle(const ExportOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    if (auto replaceable = cache::check_replaceable(options.output); !replaceable)
        return fail(replaceable.error());
    ::umask(0077);
    const auto data_dir = config::data_dir(loaded->settings.cache, process_environment());
    if (names_data_dir(options.server, *loaded))
        return export_from_directory(options, data_dir);

    boost::json::object wish{{"history", options.history}};
    if (!options.batches.empty())
        wish["batch_ids"] = boost::json::value_from(options.batches);
    const auto received = options.output + ".part";
    const Client client(options.server, loaded->settings.server);
    auto reply = client.download("/v1/export", boost::json::serialize(wish), received);
    const int status = nobody_answers(options.server, reply) ? export_from_directory(options, data_dir)
                       : reply                               ? export_from_daemon(options, *reply, received)
                                                             : fail(reply.error());
    std::remove(received.c_str());
    return status;
}

} // namespace

Run setup_export(CLI::App& app)
{
    auto options = std::make_shared<ExportOptions>();
    options->config.add_to(app);
    app.add_option("batches", options->batches, "Batch ids; all batches when there are none");
    app.add_option("-o,--output", options->output, "The file to write")->required();
    app.add_flag("--history", options->history, "With earlier states of each batch");
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return export_bundle(*options); };
}

} // namespace nomadic::daemon
