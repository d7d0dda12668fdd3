#include "daemon/client.hpp"
#include "daemon/command.hpp"
#include "daemon/event_stream.hpp"
#include "daemon/printable.hpp"
#include "daemon/progress.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <iostream>
#include <unistd.h>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct PrefetchOptions {
    ConfigOptions config;
    std::string server, file;
    std::vector<std::string> batches;
    bool wait = false, with_thumbnails = false;
};

void read_ids(std::istream& lines, std::vector<std::string>& ids)
{
    for (std::string line; std::getline(lines, line);) {
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string::npos || line[begin] == '#')
            continue;
        ids.push_back(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
    }
}

// From the arguments ("-" stands for standard input) and the file, one id a line.
Result<std::vector<std::string>> wanted(const PrefetchOptions& options)
{
    std::vector<std::string> ids;
    for (const auto& batch : options.batches) {
        if (batch == "-")
            read_ids(std::cin, ids);
        else
            ids.push_back(batch);
    }
    if (!options.file.empty()) {
        std::ifstream file(options.file);
        if (!file)
            return Failure{.code = Errc::invalid_configuration,
                           .detail = "--file: " + options.file + " can't be read.",
                           .members = {}};
        read_ids(file, ids);
    }
    if (ids.empty())
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "No batch is named. Give ids as arguments, in a --file, or with - on standard input.",
                       .members = {}};
    return ids;
}

// Shows the daemon's events, and remembers how it went.
class Watcher {
public:
    Watcher(Output output, std::size_t batches) : bar_(output, batches) {}

    void event(std::string_view name, std::string_view text)
    {
        const auto document = json::parse(text);
        const auto& data = document.as_object();
        const auto id = text_of(data, "batch_id");
        if (name == "done") {
            done_ = true;
        } else if (const auto state = text_of(data, "state"); state == "fetching") {
            const auto count = [&](const char* member) { return data.at(member).to_number<std::uint64_t>(); };
            bar_.fetching(id, {.videos = count("videos"), .total = count("total"), .retries = count("retries")});
        } else if (state == "waiting") {
            bar_.waiting(id, text_of(data, "batch_status"));
        } else if (state == "stored") {
            bar_.finished(stored_line(id, data));
        } else {
            bar_.finished(id + ": failed. " + text_of(data, "detail"));
            status_ = exit_status_of({.status = data.at("status").to_number<unsigned>(),
                                      .offline_miss = data.at("offline_miss").as_bool(),
                                      .of_upstream = true});
        }
    }

    // Of the last batch that failed; the others are done all the same.
    int exit_status() const { return done_ ? status_ : exit_failed; }

private:
    static std::string stored_line(const std::string& id, const json::object& data)
    {
        auto line = id + ": " + text_of(data, "videos") + " videos, " + text_of(data, "events") + " events" +
                    (text_of(data, "cached") == "true" ? ", was there already" : "");
        if (data.contains("thumbnails"))
            line += ", " + text_of(data, "thumbnails") + " pictures";
        if (const auto lacking = text_of(data, "thumbnails_failed"); !lacking.empty() && lacking != "0")
            line += ", " + lacking + " pictures could not be had";
        if (const auto why = text_of(data, "thumbnails_detail"); !why.empty())
            line += " (" + why + ")";
        return line;
    }

    ProgressBar bar_;
    bool done_ = false;
    int status_ = exit_done;
};

int prefetch(const PrefetchOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    auto ids = wanted(options);
    if (!ids)
        return fail(ids.error());
    const json::object wish{
        {"batch_ids", json::value_from(*ids)}, {"wait", options.wait}, {"with_thumbnails", options.with_thumbnails}};
    Watcher watcher(::isatty(STDERR_FILENO) == 1 ? Output::terminal : Output::lines, ids->size());
    EventStream events([&](std::string_view name, std::string_view data) { watcher.event(name, data); });
    const Client client(options.server, loaded->settings.server);
    auto reply =
        client.stream("/v1/prefetch", json::serialize(wish), [&](std::string_view bytes) { events.take(bytes); });
    if (!reply)
        return fail(reply.error());
    return reply->status == 200 ? watcher.exit_status() : report(*reply);
}

} // namespace

Run setup_prefetch(CLI::App& app)
{
    auto options = std::make_shared<PrefetchOptions>();
    options->config.add_to(app);
    app.add_option("batches", options->batches, "Batch ids; - reads them from standard input, one a line");
    app.add_option("--file", options->file, "A file with batch ids, one a line");
    app.add_flag("--wait", options->wait, "Wait for batches that are still running");
    app.add_flag("--with-thumbnails", options->with_thumbnails, "Fetch the pictures that events point to as well");
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return prefetch(*options); };
}

} // namespace nomadic::daemon
