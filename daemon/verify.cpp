#include "cache/bundle.hpp"
#include "daemon/client.hpp"
#include "daemon/command.hpp"
#include "daemon/stopped_store.hpp"

#include <boost/json.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

struct VerifyOptions {
    ConfigOptions config;
    std::string server, bundle;
};

void print_finding(std::string_view batch_id, std::string_view what)
{
    std::cout << (batch_id.empty() ? "" : "batch " + std::string(batch_id) + ": ") << what << "\n";
}

int conclude(std::size_t findings)
{
    if (findings == 0)
        std::cout << "All that is stored is as it was written.\n";
    else
        std::cerr << "nomadic-cached: " << findings << " findings. 'nomadic-cached purge' removes a damaged batch; "
                  << "it is then fetched again.\n";
    return findings == 0 ? exit_done : exit_failed;
}

int print_findings(const Reply& reply)
{
    if (reply.status != 200)
        return report(reply);
    const auto document = boost::json::parse(reply.body);
    const auto& findings = document.at("findings").as_array();
    for (const auto& value : findings) {
        const auto* batch_id = value.at("batch_id").if_string();
        print_finding(batch_id == nullptr ? std::string_view{} : std::string_view(*batch_id),
                      std::string_view(value.at("what").as_string()));
    }
    return conclude(findings.size());
}

int verify_store(Result<std::unique_ptr<cache::Store>> store)
{
    if (!store) {
        fail(store.error());
        return store.error().code == Errc::not_found ? exit_not_found : exit_failed;
    }
    auto findings = (*store)->check();
    if (!findings)
        return fail(findings.error());
    for (const auto& finding : *findings)
        print_finding(finding.key ? finding.key->batch_id : "", finding.what);
    return conclude(findings->size());
}

int verify_bundle(const std::string& path)
{
    if (auto whole = cache::check_bundle(path); !whole)
        return fail(whole.error());
    return verify_store(cache::open_bundle(path));
}

int verify(const VerifyOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    if (!options.bundle.empty())
        return verify_bundle(options.bundle);
    const auto data_dir = config::data_dir(loaded->settings.cache, process_environment());
    if (names_data_dir(options.server, *loaded))
        return verify_store(cache::open_store_read_only(data_dir));
    auto reply = Client(options.server, loaded->settings.server).request("GET", "/v1/verify");
    if (nobody_answers(options.server, reply))
        return verify_store(cache::open_store_read_only(data_dir));
    return reply ? print_findings(*reply) : fail(reply.error());
}

} // namespace

Run setup_verify(CLI::App& app)
{
    auto options = std::make_shared<VerifyOptions>();
    options->config.add_to(app);
    app.add_option("--bundle", options->bundle, "Verify this bundle instead of the store");
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return verify(*options); };
}

} // namespace nomadic::daemon
