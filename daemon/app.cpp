#include "daemon/app.hpp"

#include "base/log.hpp"
#include "base/prompt_thread.hpp"
#include "cache/background.hpp"
#include "cache/bundle.hpp"
#include "cache/open_store.hpp"
#include "config/validate.hpp"
#include "daemon/server_secrets.hpp"
#include "daemon/upstream_proxy.hpp"
#include "proxy/routes/health.hpp"

#include <filesystem>

namespace nomadic::daemon {

using proxy::awaitable;

App::App(const config::Settings& settings, AppOptions options)
    : settings_(settings), options_(std::move(options)), workers_(settings.limits.worker_threads)
{
    cache::run_in_background(workers_, settings.limits.worker_threads);
}

App::~App()
{
    // Work on other threads may still post to the loop; then nothing may run any more; then what is suspended goes,
    // while all that it refers to is still there.
    if (store_)
        store_->join();
    workers_.join();
    loop_.destroy_suspended();
}

Result<std::unique_ptr<App>> App::make(const config::Settings& settings, const config::Environment& environment,
                                       AppOptions options)
{
    std::unique_ptr<App> app(new App(settings, std::move(options)));
    if (auto done = app->open_store(environment); !done)
        return done.error();
    if (!app->options_.offline)
        if (auto done = app->connect_upstream(environment); !done)
            return done.error();
    if (auto done = app->make_services(environment); !done)
        return done.error();
    if (auto done = app->listen(); !done)
        return done.error();
    return app;
}

Result<void> App::open_store(const config::Environment& environment)
{
    if (!options_.bundle.empty())
        return open_bundle();
    data_dir_ = config::data_dir(settings_.cache, environment);
    auto opened = cache::open_store(data_dir_, clock_.now());
    if (!opened)
        return opened.error();
    for (const auto& notice : opened->notices)
        log::warn(notice);
    store_ = std::make_unique<cache::AsyncStore>(std::move(opened->store), settings_.limits.worker_threads);
    return {};
}

// A bundle is all there is: no data directory is made or touched, and nobody is asked.
Result<void> App::open_bundle()
{
    options_.offline = true;
    data_dir_ = std::filesystem::temp_directory_path().string();
    auto opened = cache::open_bundle(options_.bundle);
    if (!opened)
        return opened.error();
    store_ = std::make_unique<cache::AsyncStore>(std::move(*opened), settings_.limits.worker_threads);
    return {};
}

Result<void> App::connect_upstream(const config::Environment& environment)
{
    auto endpoint = proxy::parse_endpoint(settings_.upstream.base_url);
    if (!endpoint)
        return endpoint.error();
    auto through = upstream_proxy(settings_.upstream, *endpoint, environment);
    if (!through)
        return through.error();
    auto authorities = proxy::Authorities::make(settings_.upstream.ca_file, workers_);
    if (!authorities)
        return authorities.error();
    authorities_ = std::move(*authorities);
    auto connector =
        proxy::Connector::make(settings_.upstream, std::move(*endpoint), std::move(*through), authorities_);
    if (!connector)
        return connector.error();
    auto pool = std::make_shared<proxy::Pool>(loop_.get_executor(), std::move(*connector),
                                              settings_.upstream.max_connections, settings_.upstream.idle_timeout);
    upstream_ = std::make_unique<proxy::HttpUpstream>(settings_.upstream, std::move(pool), workers_, clock_);
    return {};
}

Result<void> App::make_services(const config::Environment& environment)
{
    auto key = config::find_api_key(settings_.auth, environment);
    if (!key)
        return key.error();
    key_origin_ = key->origin;
    auto install_secret = store_->blocking().install_secret();
    if (!install_secret)
        return install_secret.error();
    auto tokens = read_tokens(settings_.server);
    if (!tokens)
        return tokens.error();
    auto peers = proxy::PeerGuard::make(settings_.server);
    if (!peers)
        return peers.error();

    const auto executor = loop_.get_executor();
    proxy::Credentials::Parameters parameters{
        .auth = settings_.auth,
        .base_url = settings_.upstream.base_url,
        .install_secret = std::move(*install_secret),
        .daemon_key = key->key,
        .reach = options_.offline ? proxy::Reach::offline : proxy::Reach::online,
        .open_scope = options_.bundle.empty() ? std::nullopt : std::optional(cache::bundle_scope()),
    };
    credentials_ =
        std::make_unique<proxy::Credentials>(std::move(parameters), *store_, upstream_.get(), clock_, executor);
    batches_ = std::make_unique<proxy::BatchService>(settings_, *store_, upstream_.get(), clock_, executor);
    renderings_ = std::make_unique<proxy::Renderings>(settings_.cache, data_dir_, *store_, executor);
    std::shared_ptr<proxy::PictureFetch> pictures;
    if (!options_.offline)
        pictures = std::make_shared<proxy::PictureFetch>(settings_.thumbnails, authorities_);
    thumbnails_ = std::make_unique<proxy::Thumbnails>(settings_.thumbnails, *store_, batches_->bounds(),
                                                      std::move(pictures), executor);
    door_ = std::make_unique<FrontDoor>(std::move(*peers), proxy::HostGuard(settings_.server, std::move(*tokens)),
                                        *renderings_, clock_);
    analysis_ = std::make_unique<proxy::AnalysisRoute>(*credentials_, *batches_, *renderings_, *thumbnails_,
                                                       settings_.dashboard.base_url);
    thumbnails_route_ = std::make_unique<proxy::ThumbnailsRoute>(*credentials_, *batches_, *thumbnails_);
    batches_routes_ = std::make_unique<proxy::BatchesRoutes>(*credentials_, *batches_, *store_, clock_);
    history_ = std::make_unique<proxy::HistoryRoutes>(*credentials_, *batches_, *store_);
    watches_ = std::make_unique<proxy::Watches>(settings_, *batches_, executor);
    events_stream_ = std::make_unique<proxy::EventsStreamRoute>(*credentials_, *batches_, *watches_, *store_,
                                                                settings_.limits.heartbeat, executor);
    explain_ =
        std::make_unique<proxy::ExplainRoute>(*credentials_, *batches_, *watches_, clock_, settings_.upstream.base_url);
    prefetch_ =
        std::make_unique<proxy::PrefetchRoute>(*credentials_, *batches_, *thumbnails_, settings_.limits.max_body_bytes);
    proxy::CarryRoutes::Parameters carry{.directory = data_dir_,
                                         .most_body_bytes = settings_.limits.max_body_bytes,
                                         .most_bundle_bytes = settings_.cache.disk_quota};
    carry_ = std::make_unique<proxy::CarryRoutes>(std::move(carry), *credentials_, *batches_, *store_, clock_);
    sessions_ = std::make_shared<proxy::SessionContext>(proxy::SessionContext{
        .limits = settings_.limits,
        .handler = [door = door_.get()](proxy::Request& request) { return door->handle(request); },
        .workers = workers_,
    });
    batches_->on_change([sessions = sessions_] { sessions->repeats.forget(); });
    const proxy::IntrospectionRoutes::Subjects subjects{.metrics = door_->metrics(),
                                                        .batches = *batches_,
                                                        .renderings = *renderings_,
                                                        .store = *store_,
                                                        .upstream = upstream_ ? &upstream_->counts() : nullptr,
                                                        .sessions = *sessions_,
                                                        .clock = clock_};
    proxy::IntrospectionRoutes::Facts facts{.version = NOMADIC_CACHED_VERSION,
                                            .upstream = upstream_ ? settings_.upstream.base_url : "",
                                            .key = key_origin_,
                                            .data_dir = data_dir_,
                                            .addresses = {}};
    introspection_ = std::make_unique<proxy::IntrospectionRoutes>(subjects, std::move(facts));
    drop_in_ =
        std::make_unique<proxy::DropIn>(*credentials_, *batches_, *renderings_, *store_, upstream_.get(), settings_);
    passthrough_ =
        std::make_unique<proxy::Passthrough>(*credentials_, *batches_, upstream_.get(), settings_.passthrough.mode);
    auto& router = door_->router();
    analysis_->add_to(router);
    batches_routes_->add_to(router);
    history_->add_to(router);
    events_stream_->add_to(router);
    explain_->add_to(router);
    thumbnails_route_->add_to(router);
    prefetch_->add_to(router);
    carry_->add_to(router);
    introspection_->add_to(router);
    drop_in_->add_to(router);
    passthrough_->add_to(router);
    proxy::add_health_routes(router, *store_, *batches_);
    return {};
}

Result<void> App::listen()
{
    if (auto done = open_sockets(); !done)
        return done;
    introspection_->set_addresses(server_->addresses());
    return {};
}

Result<void> App::open_sockets()
{
    auto tls = server_tls(settings_.server);
    if (!tls)
        return tls.error();
    server_ = std::make_unique<proxy::Server>(loop_.get_executor(), sessions_, std::move(*tls));
    for (const int descriptor : options_.sockets)
        if (auto done = server_->adopt(descriptor); !done)
            return done.error();
    if (!options_.sockets.empty())
        return {};
    for (const auto& address : settings_.server.listen) {
        const auto parts = config::split_host_port(address);
        if (auto done = server_->listen_tcp(parts->host, parts->port); !done)
            return done.error();
    }
    if (!settings_.server.unix_socket.empty())
        if (auto done = server_->listen_unix(settings_.server.unix_socket, door_->peers().lets_others_in()
                                                                               ? proxy::Server::SocketFile::everybodys
                                                                               : proxy::Server::SocketFile::owners);
            !done)
            return done.error();
    return {};
}

Result<config::Reloaded> App::reload(const config::Settings& next)
{
    auto tokens = read_tokens(next.server);
    if (!tokens)
        return tokens.error();
    auto reloaded = config::reload(settings_, next);
    door_->set_hosts(proxy::HostGuard(settings_.server, std::move(*tokens)));
    batches_->reconfigure(settings_);
    credentials_->forget_refusals();
    sessions_->limits = settings_.limits;
    sessions_->repeats.forget();
    log::configure(settings_.log.level, settings_.log.format);
    return reloaded;
}

void App::run()
{
    run_promptly();
    server_->start();
    loop_.run();
}

void App::stop()
{
    boost::asio::co_spawn(loop_, drain_and_stop(*this), boost::asio::detached);
}

awaitable<void> App::drain_and_stop(App& app)
{
    app.watches_->close();
    co_await app.server_->drain(app.settings_.limits.drain_timeout);
    app.loop_.stop();
}

} // namespace nomadic::daemon
