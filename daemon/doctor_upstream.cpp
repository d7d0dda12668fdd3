#include "daemon/doctor_answers.hpp"
#include "daemon/doctor_certificates.hpp"
#include "daemon/upstream_proxy.hpp"
#include "daemon/within.hpp"

namespace nomadic::daemon {

namespace {

namespace asio = boost::asio;
using proxy::as_result;
using proxy::Endpoint;

constexpr std::chrono::milliseconds patience{10'000}; // of one step

// Whoever has to wait for an answer to `doctor` is not helped by the patience of a daemon.
config::Upstream in_haste(config::Upstream settings)
{
    settings.retries = 0;
    settings.connect_timeout = std::min(settings.connect_timeout, patience);
    settings.request_timeout = std::min(settings.request_timeout, patience);
    return settings;
}

Finding examine_name(const Endpoint& endpoint)
{
    asio::io_context context;
    boost::system::error_code error;
    const auto found = asio::ip::tcp::resolver(context).resolve(endpoint.host, endpoint.port, error);
    if (error)
        return upstream_problem("dns", endpoint.host + " is not known: " + error.message(),
                                "Check the network, /etc/resolv.conf and upstream.base_url.");
    return fine("dns", endpoint.host + " is " + found.begin()->endpoint().address().to_string());
}

proxy::awaitable<std::string> why_no_connection(Endpoint to)
{
    asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
    auto [unknown_name, addresses] = co_await resolver.async_resolve(to.host, to.port, as_result);
    if (unknown_name)
        co_return unknown_name.message();
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    auto [error, address] = co_await asio::async_connect(socket, addresses, as_result);
    co_return error ? error.message() : std::string{};
}

Finding examine_proxy(const Endpoint& through, std::chrono::milliseconds limit)
{
    const auto why = within(limit, why_no_connection(through)).value_or("it took no connection in time");
    if (!why.empty())
        return upstream_problem("proxy", through.authority() + " can't be reached: " + why,
                                "Start it, or correct upstream.proxy (or HTTPS_PROXY, http_proxy, NO_PROXY).");
    return fine("proxy", through.authority() + " takes connections, and looks names up");
}

proxy::awaitable<Finding> shake_hands(std::shared_ptr<proxy::Connector> connector,
                                      std::shared_ptr<proxy::Authorities> authorities)
{
    auto socket = co_await connector->open_tunnel();
    if (!socket)
        co_return upstream_problem("upstream", socket.error().detail, socket.error().advice);
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_verify_mode(asio::ssl::verify_none); // the verdict is wanted, not a broken connection
    co_await authorities->vouch_in(tls);
    const auto host = connector->endpoint().host;
    proxy::TlsSocket stream(std::move(*socket), tls);
    ::SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
    if (error)
        co_return upstream_problem("tls", "the handshake failed: " + error.message(),
                                   "Check that upstream.base_url is https.");
    co_return judge_certificate(stream.native_handle(), host);
}

Finding examine_tls(std::shared_ptr<proxy::Connector> connector, std::shared_ptr<proxy::Authorities> authorities,
                    std::chrono::milliseconds connect_timeout)
{
    auto finding = within(2 * connect_timeout, shake_hands(std::move(connector), std::move(authorities)));
    return finding
               ? *finding
               : upstream_problem("tls", "the upstream takes connections, but does not answer the handshake in time",
                                  "Check that upstream.base_url is https, and what is in between: a firewall may be.");
}

// What has to be right before a request can be sent. The last finding is a problem when none can.
Findings examine_way(const Endpoint& endpoint, const std::optional<Endpoint>& through, const config::Upstream& settings)
{
    Findings findings;
    if (endpoint.encrypted && !settings.client_certificate.empty()) {
        findings.push_back(examine_certificate("client certificate", settings.client_certificate, settings.client_key));
        if (findings.back().exit_status == exit_usage)
            return findings;
    }
    findings.push_back(through ? examine_proxy(*through, settings.connect_timeout) : examine_name(endpoint));
    return findings;
}

} // namespace

Findings examine_upstream(const config::Settings& settings, const config::Environment& environment)
{
    const auto endpoint = proxy::parse_endpoint(settings.upstream.base_url);
    if (!endpoint)
        return {problem("upstream", endpoint.error().detail, "Correct upstream.base_url.", exit_usage)};
    const auto through = upstream_proxy(settings.upstream, *endpoint, environment);
    if (!through)
        return {problem("upstream", through.error().detail, "Correct upstream.proxy.", exit_usage)};
    const auto haste = in_haste(settings.upstream);
    auto findings = examine_way(*endpoint, *through, haste);
    if (findings.back().health == Health::problem)
        return findings;
    asio::thread_pool workers(1);
    auto authorities = proxy::Authorities::make(haste.ca_file, workers);
    auto connector =
        authorities ? proxy::Connector::make(haste, *endpoint, *through, *authorities) : authorities.error();
    if (!connector) {
        findings.push_back(problem("tls", connector.error().detail, "Correct the file that is named.", exit_usage));
        return findings;
    }
    if (endpoint->encrypted)
        findings.push_back(examine_tls(*connector, *authorities, haste.connect_timeout));
    if (findings.back().health == Health::problem)
        return findings;
    const auto key = config::find_api_key(settings.auth, environment);
    for (auto& finding : ask_upstream(haste, std::move(*connector), key ? key->key : nullptr))
        findings.push_back(std::move(finding));
    return findings;
}

} // namespace nomadic::daemon
