#pragma once

// The composition root: the only place that makes things and wires them. Owns everything that a running daemon is.

#include "config/load.hpp"
#include "config/reload.hpp"
#include "daemon/front_door.hpp"
#include "proxy/dialect/drop_in.hpp"
#include "proxy/net/loop.hpp"
#include "proxy/net/server.hpp"
#include "proxy/passthrough.hpp"
#include "proxy/routes/analysis.hpp"
#include "proxy/routes/batches.hpp"
#include "proxy/routes/carry.hpp"
#include "proxy/routes/events_stream.hpp"
#include "proxy/routes/explain.hpp"
#include "proxy/routes/history.hpp"
#include "proxy/routes/introspection.hpp"
#include "proxy/routes/prefetch.hpp"
#include "proxy/routes/thumbnails.hpp"
#include "proxy/upstream/http_upstream.hpp"

namespace nomadic::daemon {

struct AppOptions {
    bool offline = false;
    std::vector<int> sockets{}; // that listen already: used instead of server.listen and server.unix_socket
    std::string bundle;         // a file to serve instead of a data directory, offline; "" for none
};

class App {
public:
    static Result<std::unique_ptr<App>> make(const config::Settings& settings, const config::Environment& environment,
                                             AppOptions options);
    App(const App&) = delete;
    App& operator=(const App&) = delete;
    ~App();

    // Until stop(); the calling thread becomes the loop thread.
    void run();
    // Lets requests under way finish, then ends run(). Loop thread.
    void stop();

    // Takes from `next` what can change while we run. Loop thread; reads the tokens' file.
    Result<config::Reloaded> reload(const config::Settings& next);

    proxy::Loop& loop() { return loop_; }
    std::vector<std::string> addresses() const { return server_->addresses(); }
    std::string key_origin() const { return key_origin_; }

private:
    App(const config::Settings& settings, AppOptions options);
    Result<void> open_store(const config::Environment& environment);
    Result<void> open_bundle();
    Result<void> connect_upstream(const config::Environment& environment);
    Result<void> make_services(const config::Environment& environment);
    Result<void> listen();
    Result<void> open_sockets();
    static proxy::awaitable<void> drain_and_stop(App& app);

    // What is destroyed last stands first: suspended coroutines and sockets refer to the loop.
    config::Settings settings_;
    AppOptions options_;
    SystemClock clock_;
    proxy::Loop loop_;
    boost::asio::thread_pool workers_;
    std::string data_dir_;
    std::unique_ptr<cache::AsyncStore> store_;
    std::shared_ptr<proxy::Authorities> authorities_; // null offline, as is the next
    std::unique_ptr<proxy::HttpUpstream> upstream_;
    std::string key_origin_;
    std::unique_ptr<proxy::Credentials> credentials_;
    std::unique_ptr<proxy::BatchService> batches_;
    std::unique_ptr<proxy::Renderings> renderings_;
    std::unique_ptr<proxy::Thumbnails> thumbnails_;
    std::unique_ptr<FrontDoor> door_;
    std::unique_ptr<proxy::AnalysisRoute> analysis_;
    std::unique_ptr<proxy::BatchesRoutes> batches_routes_;
    std::unique_ptr<proxy::HistoryRoutes> history_;
    std::unique_ptr<proxy::Watches> watches_;
    std::unique_ptr<proxy::EventsStreamRoute> events_stream_;
    std::unique_ptr<proxy::ExplainRoute> explain_;
    std::unique_ptr<proxy::ThumbnailsRoute> thumbnails_route_;
    std::unique_ptr<proxy::PrefetchRoute> prefetch_;
    std::unique_ptr<proxy::CarryRoutes> carry_;
    std::unique_ptr<proxy::IntrospectionRoutes> introspection_;
    std::unique_ptr<proxy::DropIn> drop_in_;
    std::unique_ptr<proxy::Passthrough> passthrough_;
    std::shared_ptr<proxy::SessionContext> sessions_; // shared with the sessions, which see its limits change
    std::unique_ptr<proxy::Server> server_;
};

} // namespace nomadic::daemon
