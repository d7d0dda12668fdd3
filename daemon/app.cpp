#include "daemon/app.hpp"

#include "base/log.hpp"
#include "cache/background.hpp"
#include "cache/bundle.hpp"
#include "cache/open_store.hpp"
#include "config/private_file.hpp"
#include "config/validate.hpp"
#include "daemon/upstream_proxy.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/http/page_guard.hpp"
#include "proxy/http/problem.hpp"
#include "proxy/http/server_timing.hpp"
#include "proxy/http/via.hpp"
#include "proxy/routes/health.hpp"

#include <filesystem>
#include <sstream>

namespace nomadic::daemon {

namespace {

using proxy::awaitable;

Result<std::vector<std::shared_ptr<const Secret>>> read_tokens(const config::Server& server)
{
    std::vector<std::shared_ptr<const Secret>> tokens;
    for (const auto& token : server.bearer_tokens)
        tokens.push_back(std::make_shared<const Secret>(token));
    if (server.bearer_tokens_file.empty())
        return tokens;
    auto text = config::read_private_file(server.bearer_tokens_file, "server.bearer_tokens_file");
    if (!text)
        return text.error();
    std::istringstream lines(std::move(*text));
    for (std::string line; std::getline(lines, line);)
        if (!line.empty())
            tokens.push_back(std::make_shared<const Secret>(line));
    if (tokens.empty())
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "server.bearer_tokens_file: " + server.bearer_tokens_file +
                                 " holds no token. Put one token on each line.",
                       .members = {}};
    return tokens;
}

Result<std::shared_ptr<boost::asio::ssl::context>> server_tls(const config::Server& server)
{
    if (server.tls_certificate.empty())
        return std::shared_ptr<boost::asio::ssl::context>{};
    auto tls = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    tls->set_options(boost::asio::ssl::context::no_tlsv1 | boost::asio::ssl::context::no_tlsv1_1);
    boost::system::error_code error;
    tls->use_certificate_chain_file(server.tls_certificate, error);
    if (!error)
        tls->use_private_key_file(server.tls_key, boost::asio::ssl::context::pem, error);
    if (error)
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "server.tls_certificate, server.tls_key: they can't be used: " + error.message() +
                                 ". Both must be readable PEM files that belong together.",
                       .members = {}};
    return tls;
}

Failure came_back()
{
    return {.code = Errc::loop_detected,
            .detail = "This request has been through this daemon before: its upstream leads back to it. Set "
                      "upstream.base_url to the API itself, or to another daemon.",
            .members = {}};
}

} // namespace

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
    peers_ = std::move(*peers);

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
    guard_ = std::make_unique<proxy::HostGuard>(settings_.server, std::move(*tokens));
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
        .handler = [this](proxy::Request& request) { return handle(request); },
        .workers = workers_,
    });
    batches_->on_change([sessions = sessions_] { sessions->repeats.forget(); });
    const proxy::IntrospectionRoutes::Subjects subjects{.metrics = metrics_,
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
    analysis_->add_to(router_);
    batches_routes_->add_to(router_);
    history_->add_to(router_);
    events_stream_->add_to(router_);
    explain_->add_to(router_);
    thumbnails_route_->add_to(router_);
    prefetch_->add_to(router_);
    carry_->add_to(router_);
    introspection_->add_to(router_);
    drop_in_->add_to(router_);
    passthrough_->add_to(router_);
    proxy::add_health_routes(router_, *store_, *batches_);
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
        if (auto done = server_->listen_unix(settings_.server.unix_socket, peers_.lets_others_in()
                                                                               ? proxy::Server::SocketFile::everybodys
                                                                               : proxy::Server::SocketFile::owners);
            !done)
            return done.error();
    return {};
}

awaitable<proxy::Response> App::handle(proxy::Request& request)
{
    const auto begun = std::chrono::steady_clock::now();
    auto response = co_await answer(request);
    guard_->allow_origin(request, response);
    const auto finished = std::chrono::steady_clock::now(); // before the wall clock, so that nothing lives too long
    const auto now = clock_.now();
    // What is passed through keeps the upstream's own, but is never without a date (RFC 9110, 6.6.1).
    if (!response.forwarded || !response.fields.has("Date"))
        response.fields.set("Date", proxy::http_date(now));
    if (!response.forwarded)
        proxy::keep_from_pages(response.fields);
    auto note = note_of(request, response);
    note(request.peer, request.request_id, finished - begun);
    if (response.same_until) {
        const auto date_moves_on = std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds{1};
        const auto until = std::min<TimePoint>(*response.same_until, date_moves_on);
        auto again = [this, note = std::move(note), rendered = response.fields.has("X-Total-Count")](
                         const proxy::Peer& peer, std::string_view request_id, std::chrono::nanoseconds took) {
            if (rendered)
                renderings_->count_hit();
            note(peer, request_id, took);
        };
        response.repeat = std::make_shared<const proxy::Repeat>(finished + (until - now), std::move(again));
    }
    co_return response;
}

proxy::Repeat::Note App::note_of(const proxy::Request& request, const proxy::Response& response)
{
    // The path alone: a query may hold what somebody searches for.
    log::PreparedLine line(log::Level::info, "request",
                           {{"method", request.method},
                            {"path", request.path},
                            {"status", std::to_string(response.status), log::Kind::number},
                            {"cache", response.fields.get("Cache-Status")},
                            {"error", response.failure}});
    return [series = metrics_.series(request, response), line = std::move(line)](
               const proxy::Peer& peer, std::string_view request_id, std::chrono::nanoseconds took) {
        series.count(took);
        std::string milliseconds;
        proxy::append_milliseconds(took, milliseconds);
        line.write({{"ms", milliseconds, log::Kind::number}, {"peer", peer.address}, {"request_id", request_id}});
    };
}

awaitable<proxy::Response> App::answer(proxy::Request& request)
{
    if (proxy::has_been_here(request.fields))
        co_return proxy::problem(came_back(), request.target);
    if (auto allowed = peers_.check(request.peer); !allowed) {
        auto refusal = proxy::problem(allowed.error(), request.target);
        refusal.close = true;
        co_return refusal;
    }
    if (auto allowed = guard_->check(request); !allowed)
        co_return proxy::problem(allowed.error(), request.target);
    if (auto preflight = guard_->preflight(request))
        co_return std::move(*preflight);
    if (guard_->uses_tokens())
        request.fields.remove("Authorization"); // it was ours, and must not go upstream
    co_return co_await router_.route(request);
}

Result<config::Reloaded> App::reload(const config::Settings& next)
{
    auto tokens = read_tokens(next.server);
    if (!tokens)
        return tokens.error();
    auto reloaded = config::reload(settings_, next);
    guard_ = std::make_unique<proxy::HostGuard>(settings_.server, std::move(*tokens));
    batches_->reconfigure(settings_);
    credentials_->forget_refusals();
    sessions_->limits = settings_.limits;
    sessions_->repeats.forget();
    log::configure(settings_.log.level, settings_.log.format);
    return reloaded;
}

void App::run()
{
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
