#include "daemon/batch_list.hpp"
#include "daemon/client.hpp"
#include "daemon/command.hpp"
#include "daemon/printable.hpp"

#include <boost/json.hpp>

#include <iomanip>
#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct LsOptions {
    ConfigOptions config;
    std::string server;
    bool json = false;
};

void print_table(const json::array& batches)
{
    std::vector<std::vector<std::string>> rows{
        {"BATCH", "VIDEOS", "EVENTS", "APPROVED", "REJECTED", "PENDING", "INVALID", "FETCHED", "STATE", "PINNED"}};
    for (const auto& value : batches) {
        const auto& batch = value.as_object();
        const auto& approvals = batch.at("approvals").as_object();
        rows.push_back({text_of(batch, "batch_id"), text_of(batch, "videos"), text_of(batch, "events"),
                        text_of(approvals, "approved"), text_of(approvals, "rejected"), text_of(approvals, "pending"),
                        text_of(approvals, "invalid"), text_of(batch, "fetched_at"),
                        text_of(batch.at("freshness").as_object(), "state"),
                        batch.at("pinned").as_bool() ? "yes" : "no"});
    }
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            std::cout << std::left << std::setw(static_cast<int>(widths[i] + 2)) << row[i];
        std::cout << row.back() << "\n";
    }
}

int ls(const LsOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    const Client client(options.server, loaded->settings.server);
    json::array batches;
    auto listed = for_each_listed(client, [&](const json::object& batch) { batches.push_back(batch); });
    if (!listed)
        return fail(listed.error());
    if (*listed)
        return report(**listed);
    if (options.json)
        std::cout << json::serialize(batches) << "\n";
    else
        print_table(batches);
    return exit_done;
}

} // namespace

Run setup_ls(CLI::App& app)
{
    auto options = std::make_shared<LsOptions>();
    options->config.add_to(app);
    app.add_flag("--json", options->json, "As JSON");
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return ls(*options); };
}

} // namespace nomadic::daemon
