#include "cache/bundle.hpp"
#include "daemon/client.hpp"
#include "daemon/command.hpp"
#include "daemon/stopped_store.hpp"
#include "proxy/service/credentials.hpp"
#include "proxy/service/keyed_hash.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <iostream>
#include <set>

namespace nomadic::daemon {

namespace {

struct ImportOptions {
    ConfigOptions config;
    std::string server, file;
};

void print(std::string_view batch_id, std::string_view outcome)
{
    std::cout << batch_id << ": " << outcome << "\n";
}

int print_outcomes(const Reply& reply)
{
    if (reply.status != 200) {
        report(reply);
        return exit_failed;
    }
    const auto document = boost::json::parse(reply.body);
    for (const auto& value : document.at("batches").as_array()) {
        const auto& batch = value.as_object();
        print(std::string_view(batch.at("batch_id").as_string()), std::string_view(batch.at("outcome").as_string()));
    }
    return exit_done;
}

// Whose the batches will be: the configured key's. Without one, the only user's that there is; and in a store that
// nobody has used yet, everybody's who may read it offline.
Result<cache::Scope> owner(cache::Store& store, const config::Settings& settings, TimePoint now)
{
    auto key = config::find_api_key(settings.auth, process_environment());
    if (!key)
        return key.error();
    auto secret = store.install_secret();
    if (!secret)
        return secret.error();
    auto principals = store.principals();
    if (!principals)
        return principals.error();
    std::set<cache::Scope> scopes;
    for (const auto& principal : *principals)
        scopes.insert(principal.scope);
    if (!key->key && scopes.size() == 1)
        return *scopes.begin();
    if (!key->key && scopes.size() > 1)
        return Failure{.code = Errc::invalid_configuration,
                       .detail =
                           "Several users' batches are stored here. Say whose the imported ones will be by an API "
                           "key (NOMADICAI_API_KEY, or auth.api_key_file).",
                       .members = {}};
    const auto& base_url = settings.upstream.base_url;
    const auto scope =
        key->key ? proxy::daemon_scope(base_url, *secret, *key->key) : cache::make_scope(base_url, "daemon", "");
    const auto hash = key->key ? proxy::keyed_hash(*secret, *key->key) : batch::digest_of({"nobody's key"});
    auto noted = store.remember(hash, {.scope = scope, .kind = "daemon", .verified_at = now, .label = "daemon"});
    if (!noted)
        return noted.error();
    return scope;
}

int import_into_directory(const ImportOptions& options, const config::Settings& settings)
{
    const auto now = SystemClock().now();
    if (auto whole = cache::check_bundle(options.file); !whole) // before anything is made for it
        return fail(whole.error());
    auto opened = cache::open_store(config::data_dir(settings.cache, process_environment()), now);
    if (!opened)
        return fail(opened.error());
    for (const auto& notice : opened->notices)
        std::cerr << "nomadic-cached: " << notice << "\n";
    auto scope = owner(*opened->store, settings, now);
    if (!scope)
        return fail(scope.error());
    auto adopted = cache::import_bundle(options.file, *opened->store, *scope, now);
    if (!adopted)
        return fail(adopted.error());
    for (const auto& batch : *adopted)
        print(batch.batch_id, cache::name_of(batch.outcome));
    return exit_done;
}

int import_bundle(const ImportOptions& options)
{
    auto loaded = options.config.load();
    if (!loaded)
        return fail(loaded.error());
    if (std::error_code none; !std::filesystem::is_regular_file(options.file, none)) {
        std::cerr << "nomadic-cached: There is no file " << options.file
                  << ". Name one that 'nomadic-cached export' wrote.\n";
        return exit_failed;
    }
    if (names_data_dir(options.server, *loaded))
        return import_into_directory(options, loaded->settings);
    auto reply = Client(options.server, loaded->settings.server).upload("/v1/import", options.file);
    if (nobody_answers(options.server, reply))
        return import_into_directory(options, loaded->settings);
    return reply ? print_outcomes(*reply) : fail(reply.error());
}

} // namespace

Run setup_import(CLI::App& app)
{
    auto options = std::make_shared<ImportOptions>();
    options->config.add_to(app);
    app.add_option("file", options->file, "A file that export wrote")->required();
    app.add_option("--server", options->server, "The daemon: http://host:port or unix:PATH");
    return [options] { return import_bundle(*options); };
}

} // namespace nomadic::daemon
