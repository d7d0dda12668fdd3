#include "base/clock.hpp"
#include "base/units.hpp"
#include "daemon/batch_list.hpp"
#include "daemon/named_batches.hpp"
#include "proxy/http/rfc3339.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

struct PurgeOptions {
    NamedBatches named;
    std::string older_than;
    bool all = false, yes = false;
};

Failure wrong_usage(std::string detail)
{
    return {.code = Errc::invalid_configuration, .detail = std::move(detail), .members = {}};
}

// Batches that upstream has confirmed last before this; all of them when nothing else was asked for.
Result<std::optional<TimePoint>> oldest_to_keep(const PurgeOptions& options)
{
    if (options.older_than.empty())
        return std::optional<TimePoint>{};
    const auto age = parse_duration(options.older_than);
    if (!age)
        return wrong_usage("--older-than is \"" + options.older_than +
                           "\", but must be a duration such as 30d or 12h.");
    return std::optional(SystemClock().now() - *age);
}

Result<void> check_usage(const PurgeOptions& options)
{
    const int ways = int{!options.named.batches.empty()} + int{!options.older_than.empty()} + int{options.all};
    if (ways != 1)
        return wrong_usage("Name batches, or say --older-than or --all: one of the three.");
    if (options.all && !options.yes)
        return wrong_usage("--all removes every cached batch, pinned ones too. Add --yes if that is meant.");
    return {};
}

// Pinned batches stay when they are only old.
Result<std::optional<Reply>> find_batches(const Client& client, const PurgeOptions& options,
                                          std::optional<TimePoint> before, std::vector<std::string>& found)
{
    found = options.named.batches;
    if (!options.all && !before)
        return std::optional<Reply>{};
    return for_each_listed(client, [&](const boost::json::object& batch) {
        const auto validated = proxy::parse_rfc3339(std::string_view(batch.at("validated_at").as_string()));
        if (options.all || (validated && *validated < *before && !batch.at("pinned").as_bool()))
            found.emplace_back(batch.at("batch_id").as_string());
    });
}

int purge(const PurgeOptions& options)
{
    auto loaded = options.named.config.load();
    if (!loaded)
        return fail(loaded.error());
    if (auto usable = check_usage(options); !usable)
        return fail(usable.error());
    auto before = oldest_to_keep(options);
    if (!before)
        return fail(before.error());
    auto named = options.named;
    auto listed = find_batches(Client(named.server, loaded->settings.server), options, *before, named.batches);
    if (!listed)
        return fail(listed.error());
    if (*listed)
        return report(**listed);
    return for_each_batch(
        named, [](const Client& client, const std::string& path) { return client.request("DELETE", path); },
        [](const std::string& batch_id, const Reply&) -> int {
            std::cout << batch_id << ": removed\n";
            return exit_done;
        });
}

} // namespace

Run setup_purge(CLI::App& app)
{
    auto options = std::make_shared<PurgeOptions>();
    options->named.add_to(app, NamedBatches::Required::no);
    app.add_option("--older-than", options->older_than,
                   "Those that the upstream has last confirmed longer ago, such as 30d; pinned ones stay");
    app.add_flag("--all", options->all, "Every batch");
    app.add_flag("--yes", options->yes, "Do not stop at --all");
    return [options] { return purge(*options); };
}

} // namespace nomadic::daemon
