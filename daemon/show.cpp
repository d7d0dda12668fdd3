#include "daemon/named_batches.hpp"
#include "daemon/printable.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

namespace json = boost::json;

struct ShowOptions {
    NamedBatches named;
    bool json = false;
};

void print_snapshot(const json::object& snapshot)
{
    const auto& freshness = snapshot.at("freshness").as_object();
    std::cout << "  stored: " << snapshot.at("videos") << " videos, " << snapshot.at("events") << " events (";
    bool any = false;
    for (const auto& [approval, count] : snapshot.at("approvals").as_object())
        if (count != 0)
            std::cout << (std::exchange(any, true) ? ", " : "") << count << " " << std::string_view(approval);
    std::cout << "), review status " << text_of(snapshot, "review_status") << "\n"
              << "  snapshot " << snapshot.at("snapshot") << " (" << snapshot.at("snapshots") << " kept), first seen "
              << text_of(snapshot, "fetched_at") << ", confirmed " << text_of(snapshot, "validated_at") << "\n"
              << "  " << text_of(freshness, "state") << ": " << freshness.at("age") << " s old, ttl "
              << freshness.at("ttl") << " s" << (snapshot.at("pinned").as_bool() ? ", pinned" : "") << "\n";
}

void print_policy(const json::object& policy)
{
    std::cout << "  policy" << (policy.at("rule").is_null() ? "" : " (rule " + text_of(policy, "rule") + ")") << ":";
    for (const char* name :
         {"fresh_pending", "fresh_reviewed", "stale_while_revalidate", "stale_if_error", "fresh_failed"})
        std::cout << " " << name << "=" << text_of(policy, name);
    std::cout << "\n";
}

void print_known(const json::object& known)
{
    const auto& key = known.at("key").as_object();
    const auto& next = known.at("next").as_object();
    std::cout << text_of(known, "batch_id") << "\n  of " << text_of(key, "upstream") << ", as "
              << text_of(key, "partition") << " sees it\n";
    if (known.at("stored").as_bool())
        print_snapshot(known.at("snapshot").as_object());
    print_policy(known.at("policy").as_object());
    std::cout << "  next: " << text_of(next, "because") << "\n";
    if (!next.at("at").is_null())
        std::cout << "  then: " << text_of(next, "at") << "\n";
    if (known.at("being_fetched").as_bool())
        std::cout << "  it is being fetched right now\n";
    if (!known.at("failed_at").is_null())
        std::cout << "  the last refresh failed at " << text_of(known, "failed_at") << "\n";
    for (const auto& value : known.at("upstream").as_array()) {
        const auto& seen = value.as_object();
        std::cout << "  " << text_of(seen, "at") << " " << text_of(seen, "method") << " " << text_of(seen, "target")
                  << ": " << (seen.at("status").is_null() ? "no answer" : text_of(seen, "status")) << ", "
                  << seen.at("bytes") << " bytes in " << seen.at("ms") << " ms\n";
    }
}

int show(const ShowOptions& options)
{
    const auto ask = [](const Client& client, const std::string& path) {
        return client.request("GET", path + "/explain");
    };
    const auto tell = [&](const std::string&, const Reply& reply) -> int {
        const auto known = json::parse(reply.body).as_object();
        if (options.json)
            std::cout << reply.body << "\n";
        else
            print_known(known);
        return known.at("stored").as_bool() ? exit_done : exit_not_found;
    };
    return for_each_batch(options.named, ask, tell);
}

} // namespace

Run setup_show(CLI::App& app)
{
    auto options = std::make_shared<ShowOptions>();
    options->named.add_to(app);
    app.add_flag("--json", options->json, "As JSON");
    return [options] { return show(*options); };
}

} // namespace nomadic::daemon
