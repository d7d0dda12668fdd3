#include "daemon/command.hpp"
#include "sandbox/fake_upstream.hpp"

#include "config/validate.hpp"
#include "proxy/net/loop.hpp"
#include "proxy/net/server.hpp"

#include <boost/asio/signal_set.hpp>

#include <iostream>

namespace nomadic::daemon {

namespace {

struct SandboxOptions {
    std::string listen = "127.0.0.1:8766";
    sandbox::Scenario scenario;
    std::uint32_t latency_ms = 0;
    std::string speaks = "both";
    std::string tls_certificate, tls_key;
};

void announce(const proxy::Server& server, const sandbox::Scenario& scenario)
{
    for (const auto& address : server.addresses())
        std::cout << "sandbox upstream at " << address << "\n";
    std::cout << "batches:";
    for (const auto& id : scenario.batch_ids())
        std::cout << " " << id;
    std::cout << "\nany key is accepted; any batch named KIND-VIDEOS-EVENTS-N exists (KIND: ask, agent, "
                 "segmentation)\n"
              << std::flush;
}

std::shared_ptr<boost::asio::ssl::context> tls_of(const SandboxOptions& options)
{
    if (options.tls_certificate.empty())
        return nullptr;
    auto tls = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    tls->use_certificate_chain_file(options.tls_certificate);
    tls->use_private_key_file(options.tls_key, boost::asio::ssl::context::pem);
    return tls;
}

int run_sandbox(SandboxOptions options)
{
    auto& faults = options.scenario.faults;
    faults.latency = std::chrono::milliseconds(options.latency_ms);
    faults.speaks = options.speaks == "bulk"           ? sandbox::Speaks::bulk
                    : options.speaks == "filter_batch" ? sandbox::Speaks::filter_batch
                                                       : sandbox::Speaks::both;
    const auto address = config::split_host_port(options.listen);
    if (!address)
        return fail({.code = Errc::invalid_configuration,
                     .detail = "--listen is \"" + options.listen + "\", but must be host:port.",
                     .members = {}});

    proxy::Loop loop;
    boost::asio::thread_pool workers(1);
    sandbox::FakeUpstream upstream(options.scenario);
    auto context = std::make_shared<proxy::SessionContext>(proxy::SessionContext{
        .limits = {},
        .handler = [&](proxy::Request& request) { return upstream.handle(request); },
        .workers = workers,
    });
    proxy::Server server(loop.get_executor(), context, tls_of(options));
    if (auto listening = server.listen_tcp(address->host, address->port); !listening)
        return fail(listening.error());
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    signals.async_wait([&](boost::system::error_code, int) { loop.stop(); });
    announce(server, options.scenario);
    server.start();
    loop.run();
    loop.destroy_suspended();
    return exit_done;
}

} // namespace

Run setup_sandbox(CLI::App& app)
{
    auto options = std::make_shared<SandboxOptions>();
    auto& scenario = options->scenario;
    auto& faults = scenario.faults;
    app.add_option("--listen", options->listen, "Address to listen on; port 0 takes a free one")->capture_default_str();
    app.add_option("--batches", scenario.batches, "Batches to list")->capture_default_str();
    app.add_option("--videos", scenario.videos, "Videos of each")->capture_default_str();
    app.add_option("--events", scenario.events, "Events of each")->capture_default_str();
    app.add_option("--thumbnails", scenario.thumbnail_base, "Where the pictures are that events point to")
        ->capture_default_str();
    app.add_option("--seed", scenario.seed, "Another seed, other data")->capture_default_str();
    app.add_option("--speaks", options->speaks, "The API generations it knows")
        ->check(CLI::IsMember({"both", "bulk", "filter_batch"}))
        ->capture_default_str();
    app.add_option("--tls-certificate", options->tls_certificate, "Serve TLS with this PEM certificate chain");
    app.add_option("--tls-key", options->tls_key, "and this PEM private key");
    app.add_option("--latency", options->latency_ms, "Wait before each answer, in milliseconds")->group("Faults");
    app.add_option("--rate-limit-every", faults.rate_limit_every, "429 for every Nth batch request")->group("Faults");
    app.add_option("--retry-after", faults.retry_after, "Seconds that the 429 asks to wait")->group("Faults");
    app.add_option("--error-every", faults.error_every, "503 for every Nth batch request")->group("Faults");
    app.add_option("--reset-every", faults.reset_every, "Cut every Nth answer in the middle")->group("Faults");
    app.add_option("--truncate-every", faults.truncate_every, "Half a JSON document, every Nth")->group("Faults");
    app.add_option("--html-every", faults.html_every, "A sign-in page in place of JSON, every Nth")->group("Faults");
    app.add_option("--failing-video", faults.failing_video, "A bulk request that names this video always fails")
        ->group("Faults");
    return [options] { return run_sandbox(*options); };
}

} // namespace nomadic::daemon
