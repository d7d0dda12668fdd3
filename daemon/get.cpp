#include "cache/file.hpp"
#include "daemon/client.hpp"
#include "daemon/command.hpp"

#include "proxy/http/url.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace nomadic::daemon {

namespace {

struct GetOptions {
    ConfigOptions config;
    std::string server, batch_id, output, columns, format = "json";
    std::vector<std::string> filters;
    bool allow_partial = false;
};

std::string target_of(const GetOptions& options)
{
    auto target = "/v1/batches/" + proxy::percent_encode(options.batch_id) +
                  "/analysis?format=" + proxy::percent_encode(options.format);
    for (const auto& filter : options.filters)
        target += "&filter=" + proxy::percent_encode(filter);
    if (!options.columns.empty())
        target += "&columns=" + proxy::percent_encode(options.columns);
    if (options.allow_partial)
        target += "&allow_partial=true";
    return target;
}

int write_out(const std::string& body, const std::string& path)
{
    if (path.empty()) {
        std::cout << body;
        return exit_done;
    }
    const bool in_place = !cache::check_replaceable(path); // a pipe, a device
    const auto part = in_place ? path : path + ".part";
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    if (std::error_code none; std::filesystem::exists(path, none)) // who may read it stays as it was
        std::filesystem::permissions(part, std::filesystem::status(path, none).permissions(), none);
    file << body;
    file.close();
    if (file && (in_place || cache::replace_file(part, path)))
        return exit_done;
    if (!in_place)
        std::remove(part.c_str());
    std::cerr << "nomadic-cached: " << path << " can't be written.\n";
    return exit_failed;
}

int get(const GetOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    const Client client(options.server, loaded->settings.server);
    auto reply = client.request("GET", target_of(options), "*/*");
    if (!reply)
        return fail(reply.error());
    return reply->status == 200 ? write_out(reply->body, options.output) : report(*reply);
}

} // namespace

Run setup_get(CLI::App& app)
{
    auto options = std::make_shared<GetOptions>();
    options->config.add_to(app);
    app.add_option("batch", options->batch_id, "The batch's id")->required();
    app.add_option("--filter", options->filters,
                   "Only events with this approval: approved, rejected, pending, invalid");
    std::vector<CLI::Option*> formats{
        app.add_option("--format", options->format,
                       "json (the default), csv, ndjson (one event a line) or geojson (events with a place)")};
    for (const std::string name : {"json", "csv", "ndjson", "geojson"}) {
        auto* format = app.add_flag_callback(
            "--" + name, [options, name] { options->format = name; }, "The same as --format " + name);
        for (auto* other : formats)
            format->excludes(other);
        formats.push_back(format);
    }
    app.add_option("--columns", options->columns, "CSV columns: docs, sdk-0.1.53, sdk-0.1.64, or names");
    app.add_flag("--allow-partial", options->allow_partial, "Also of a batch that is not completed");
    app.add_option("-o,--output", options->output, "Write to this file");
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return get(*options); };
}

} // namespace nomadic::daemon
