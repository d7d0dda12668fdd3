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

// What is missing would be an offline miss.
int ensure(const NamedBatches& named)
{
    bool missing = false;
    const auto ask = [&](const Client& client, const std::string& path) {
        auto reply = client.request("GET", path);
        missing = missing || (reply && reply->status == 404);
        return reply;
    };
    const int status = for_each_batch(named, ask, print_summary);
    return missing ? static_cast<int>(exit_offline_miss) : status;
}

} // namespace

Run setup_ensure(CLI::App& app)
{
    auto named = std::make_shared<NamedBatches>();
    named->add_to(app);
    return [named] { return ensure(*named); };
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
        [](const std::string& batch_id, const Reply&) -> int {
            std::cout << batch_id << ": removed\n";
            return exit_done;
        });
}

Run setup_log(CLI::App& app)
{
    return setup(
        app, [](const Client& client, const std::string& path) { return client.request("GET", path + "/snapshots"); },
        print_log);
}

} // namespace nomadic::daemon
