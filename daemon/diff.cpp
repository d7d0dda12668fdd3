#include "daemon/client.hpp"
#include "daemon/command.hpp"
#include "daemon/printable.hpp"

#include "proxy/http/url.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct DiffOptions {
    ConfigOptions config;
    std::string server, batch_id, from, to;
    bool csv = false, json = false;
};

std::string target_of(const DiffOptions& options)
{
    auto target =
        "/v1/batches/" + proxy::percent_encode(options.batch_id) + "/diff?format=" + (options.csv ? "csv" : "json");
    if (!options.from.empty())
        target += "&from=" + proxy::percent_encode(options.from);
    if (!options.to.empty())
        target += "&to=" + proxy::percent_encode(options.to);
    return target;
}

std::string event_of(const json::object& event)
{
    const auto id = text_of(event, "event_id");
    const auto label = text_of(event, "label");
    return text_of(event, "video_id") + (id.empty() ? "" : " " + id) + (label.empty() ? "" : " \"" + label + "\"");
}

void print_words(const json::object& diff)
{
    std::cout << "from snapshot " << diff.at("from") << " to " << diff.at("to") << "\n";
    bool any = false;
    const auto line = [&any](const std::string& text) {
        std::cout << "  " << text << "\n";
        any = true;
    };
    for (const auto& change : diff.at("approvals").as_array()) {
        const auto& event = change.as_object();
        line(text_of(event, "from") + " -> " + text_of(event, "to") + ": " + event_of(event));
    }
    for (const char* kind : {"changed", "added", "removed"})
        for (const auto& event : diff.at(kind).as_array())
            line(std::string(kind) + ": " + event_of(event.as_object()));
    for (const char* member : {"metadata", "review_status"})
        if (const auto* change = diff.at(member).if_object())
            line(std::string(member) + ": " + text_of(*change, "from") + " -> " + text_of(*change, "to"));
    if (!any)
        line("nothing has changed");
}

int diff(const DiffOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    const Client client(options.server, loaded->settings.server);
    auto reply = client.request("GET", target_of(options), "*/*");
    if (!reply)
        return fail(reply.error());
    if (reply->status != 200)
        return report(*reply);
    if (options.csv)
        std::cout << reply->body;
    else if (options.json)
        std::cout << reply->body << "\n";
    else
        print_words(json::parse(reply->body).as_object());
    return exit_done;
}

} // namespace

Run setup_diff(CLI::App& app)
{
    auto options = std::make_shared<DiffOptions>();
    options->config.add_to(app);
    app.add_option("batch", options->batch_id, "The batch's id")->required();
    app.add_option("--from", options->from, "A snapshot's id or a time; without it, the state before");
    app.add_option("--to", options->to, "A snapshot's id or a time; without it, the newest state");
    app.add_flag("--csv", options->csv, "As CSV")->excludes(app.add_flag("--json", options->json, "As JSON"));
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return diff(*options); };
}

} // namespace nomadic::daemon
