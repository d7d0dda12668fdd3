// The commands that ask a running daemon about a few batches, one after the other.

#include "daemon/client.hpp"
#include "daemon/command.hpp"

#include "proxy/http/url.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct Options {
    ConfigOptions config;
    std::string server;
    std::vector<std::string> batches;
};

using Ask = std::function<Result<Reply>(const Client&, const std::string& path)>;
using Print = std::function<void(const std::string& batch_id, const Reply&)>;

// The exit status is that of the last batch that failed; the others are done all the same.
int for_each_batch(const Options& options, const Ask& ask, const Print& print)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    const Client client(options.server, loaded->settings.server);
    int status = exit_done;
    for (const auto& batch : options.batches) {
        auto reply = ask(client, "/v1/batches/" + proxy::percent_encode(batch));
        if (!reply)
            return fail(reply.error());
        if (reply->status == 200)
            print(batch, *reply);
        else
            status = report(*reply);
    }
    return status;
}

Run setup(CLI::App& app, Ask ask, Print print)
{
    auto options = std::make_shared<Options>();
    options->config.add_to(app);
    app.add_option("batches", options->batches, "Batch ids")->required();
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options, ask = std::move(ask), print = std::move(print)] { return for_each_batch(*options, ask, print); };
}

void print_summary(const std::string& batch_id, const Reply& reply)
{
    const auto summary = json::parse(reply.body).as_object();
    std::cout << batch_id << ": " << summary.at("videos") << " videos, " << summary.at("events") << " events";
    if (const auto* changed = summary.if_contains("changed"))
        std::cout << (changed->as_bool() ? ", changed" : ", unchanged");
    std::cout << "\n";
}

void print_log(const std::string&, const Reply& reply)
{
    const auto document = json::parse(reply.body);
    for (const auto& value : document.at("snapshots").as_array()) {
        const auto& entry = value.as_object();
        std::cout << entry.at("snapshot") << "  " << std::string_view(entry.at("fetched_at").as_string()) << "  "
                  << entry.at("events") << " events, " << entry.at("changed") << " videos changed\n";
    }
}

// What is missing would be an offline miss.
int ensure(const Options& options)
{
    bool missing = false;
    const auto ask = [&](const Client& client, const std::string& path) {
        auto reply = client.request("GET", path);
        missing = missing || (reply && reply->status == 404);
        return reply;
    };
    const int status = for_each_batch(options, ask, print_summary);
    return missing ? static_cast<int>(exit_offline_miss) : status;
}

} // namespace

Run setup_ensure(CLI::App& app)
{
    auto options = std::make_shared<Options>();
    options->config.add_to(app);
    app.add_option("batches", options->batches, "Batch ids")->required();
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return ensure(*options); };
}

Run setup_prefetch(CLI::App& app)
{
    const auto ask = [](const Client& client, const std::string& path) -> Result<Reply> {
        auto fetched = client.request("HEAD", path + "/analysis");
        if (!fetched || fetched->status == 200)
            return fetched ? client.request("GET", path) : fetched;
        return client.request("GET", path + "/analysis"); // HEAD leaves out why
    };
    return setup(app, ask, print_summary);
}

Run setup_refresh(CLI::App& app)
{
    return setup(
        app, [](const Client& client, const std::string& path) { return client.request("POST", path + "/refresh"); },
        print_summary);
}

Run setup_purge(CLI::App& app)
{
    return setup(
        app, [](const Client& client, const std::string& path) { return client.request("DELETE", path); },
        [](const std::string& batch_id, const Reply&) { std::cout << batch_id << ": removed\n"; });
}

Run setup_log(CLI::App& app)
{
    return setup(
        app, [](const Client& client, const std::string& path) { return client.request("GET", path + "/snapshots"); },
        print_log);
}

} // namespace nomadic::daemon
