#include "daemon/client.hpp"
#include "daemon/command.hpp"

#include <boost/json.hpp>

#include <iomanip>
#include <iostream>
#include <sstream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct StatsOptions {
    ConfigOptions config;
    std::string server;
    bool json = false;
};

std::string text_of(const json::value& value)
{
    if (value.is_string())
        return std::string(value.get_string());
    if (const auto* list = value.if_array()) {
        std::string text;
        for (const auto& item : *list)
            text += (text.empty() ? "" : ", ") + text_of(item);
        return text;
    }
    return value.is_null() ? "none" : json::serialize(value);
}

std::string mebibytes(double bytes)
{
    constexpr double mebibyte = 1024 * 1024;
    std::ostringstream text;
    text << std::fixed << std::setprecision(1) << bytes / mebibyte;
    return text.str();
}

// Whatever the daemon says: nested names are joined by a blank, bytes are told in MiB.
void print_table(const json::object& document, const std::string& prefix)
{
    for (const auto& [key, value] : document) {
        auto name = prefix + std::string(key);
        if (const auto* nested = value.if_object()) {
            print_table(*nested, name + " ");
            continue;
        }
        auto text = text_of(value);
        constexpr std::string_view bytes = "bytes";
        if (name.ends_with(bytes) && value.is_number()) {
            name = name.substr(0, name.size() - bytes.size()) + "MiB";
            text = mebibytes(value.to_number<double>());
        }
        std::replace(name.begin(), name.end(), '_', ' ');
        std::cout << std::left << std::setw(24) << name << text << "\n";
    }
}

int stats(const StatsOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    auto reply = Client(options.server, loaded->settings.server).request("GET", "/v1/status");
    if (!reply)
        return fail(reply.error());
    if (reply->status != 200)
        return report(*reply);
    if (options.json)
        std::cout << reply->body << "\n";
    else
        print_table(json::parse(reply->body).as_object(), "");
    return exit_done;
}

} // namespace

Run setup_stats(CLI::App& app)
{
    auto options = std::make_shared<StatsOptions>();
    options->config.add_to(app);
    app.add_flag("--json", options->json, "As JSON");
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return stats(*options); };
}

} // namespace nomadic::daemon
