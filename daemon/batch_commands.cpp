// The commands that ask a running daemon about a few batches, one after the other.

#include "daemon/named_batches.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

Run setup(CLI::App& app, Ask ask, Tell tell)
{
    auto named = std::make_shared<NamedBatches>();
    named->add_to(app);
    return [named, ask = std::move(ask), tell = std::move(tell)] { return for_each_batch(*named, ask, tell); };
}

int print_summary(const std::string& batch_id, const Reply& reply)
{
    const auto summary = json::parse(reply.body).as_object();
    std::cout << batch_id << ": " << summary.at("videos") << " videos, " << summary.at("events") << " events";
    if (const auto* changed = summary.if_contains("changed"))
        std::cout << (changed->as_bool() ? ", changed" : ", unchanged");
    std::cout << "\n";
    return exit_done;
}

int print_log(const std::string&, const Reply& reply)
{
    const auto document = json::parse(reply.body);
    for (const auto& value : document.at("snapshots").as_array()) {
        const auto& entry = value.as_object();
        std::cout << entry.at("snapshot") << "  " << std::string_view(entry.at("fetched_at").as_string()) << "  "
                  << entry.at("events") << " events, " << entry.at("changed") << " videos changed\n";
    }
    return exit_done;
}

} // namespace

Run setup_refresh(CLI::App& app)
{
    return setup(
        app, [](const Client& client, const std::string& path) { return client.request("POST", path + "/refresh"); },
        print_summary);
}

Run setup_log(CLI::App& app)
{
    return setup(
        app, [](const Client& client, const std::string& path) { return client.request("GET", path + "/snapshots"); },
        print_log);
}

} // namespace nomadic::daemon
