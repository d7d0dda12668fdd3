#include "daemon/doctor.hpp"
#include "daemon/upstream_proxy.hpp"

#include "proxy/http/conditional.hpp"
#include "proxy/net/loop.hpp"
#include "proxy/upstream/http_upstream.hpp"

#include <boost/asio/connect.hpp>
#include <boost/json.hpp>

namespace nomadic::daemon {

namespace {

namespace asio = boost::asio;
using proxy::Endpoint;

Finding problem(std::string subject, std::string detail, std::string remedy)
{
    return {std::move(subject), Health::problem, std::move(detail), std::move(remedy)};
}

Finding unknown(std::string subject, std::string detail)
{
    return {std::move(subject), Health::unknown, std::move(detail), ""};
}

Finding examine_name(const Endpoint& endpoint)
{
    asio::io_context context;
    boost::system::error_code error;
    const auto found = asio::ip::tcp::resolver(context).resolve(endpoint.host, endpoint.port, error);
    if (error)
        return problem("dns", endpoint.host + " is not known: " + error.message(),
                       "Check the network, /etc/resolv.conf and upstream.base_url.");
    return {"dns", Health::ok, endpoint.host + " is " + found.begin()->endpoint().address().to_string(), ""};
}

// The certificate that the upstream shows, as far as it was verified: chain, host name, and when it ends.
Finding judge_certificate(SSL* connection, const Endpoint& endpoint)
{
    const long verdict = ::SSL_get_verify_result(connection);
    X509* shown = ::SSL_get0_peer_certificate(connection);
    if (shown == nullptr)
        return problem("tls", "the upstream showed no certificate", "Check upstream.base_url.");
    if (verdict != X509_V_OK)
        return problem("tls",
                       "the certificate is not trusted: " + std::string(::X509_verify_cert_error_string(verdict)),
                       "If the upstream or a proxy uses an authority of its own, name it in upstream.ca_file.");
    if (::X509_check_host(shown, endpoint.host.c_str(), 0, 0, nullptr) != 1 &&
        ::X509_check_ip_asc(shown, endpoint.host.c_str(), 0) != 1)
        return problem("tls", "the certificate is not for " + endpoint.host, "Check upstream.base_url.");
    int days = 0, seconds = 0;
    ::ASN1_TIME_diff(&days, &seconds, nullptr, ::X509_get0_notAfter(shown));
    constexpr int soon = 7;
    if (days < soon)
        return problem("tls", "the certificate ends in " + std::to_string(days) + " days",
                       "Whoever runs the upstream must renew it.");
    return {"tls", Health::ok,
            "chain and host name are right; the certificate is good for " + std::to_string(days) + " days", ""};
}

Finding examine_tls(const Endpoint& endpoint, const config::Upstream& settings)
{
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_verify_mode(asio::ssl::verify_none); // the verdict is wanted, not a broken connection
    if (auto trusted = proxy::trust_authorities(tls, settings); !trusted)
        return problem("tls", trusted.error().detail, "Correct the file that is named.");
    asio::io_context context;
    boost::system::error_code error;
    asio::ssl::stream<asio::ip::tcp::socket> stream(context, tls);
    ::SSL_set_tlsext_host_name(stream.native_handle(), endpoint.host.c_str());
    const auto addresses = asio::ip::tcp::resolver(context).resolve(endpoint.host, endpoint.port, error);
    if (!error)
        asio::connect(stream.next_layer(), addresses, error);
    if (error)
        return unknown("tls", "no connection: " + error.message());
    stream.handshake(asio::ssl::stream_base::client, error);
    if (error)
        return problem("tls", "the handshake failed: " + error.message(), "Check that upstream.base_url is https.");
    return judge_certificate(stream.native_handle(), endpoint);
}

// An upstream, and a loop to ask it on: one question at a time.
class Questions {
public:
    Questions(config::Upstream settings, std::shared_ptr<proxy::Connector> connector)
        : workers_(1),
          upstream_(settings,
                    std::make_shared<proxy::Pool>(loop_.get_executor(), std::move(connector), 1, settings.idle_timeout),
                    workers_, clock_)
    {}
    Questions(const Questions&) = delete;
    Questions& operator=(const Questions&) = delete;
    ~Questions()
    {
        workers_.join();
        loop_.destroy_suspended();
    }

    Result<proxy::Exchange> ask(proxy::SmallRequest request, proxy::Credential key)
    {
        std::optional<Result<proxy::Exchange>> answer;
        auto question = send(upstream_, std::move(request), proxy::Asker(std::move(key), "doctor"), answer);
        asio::co_spawn(loop_, std::move(question), asio::detached);
        loop_.restart();
        while (!answer && loop_.run_one() != 0) {
        }
        return *answer;
    }

private:
    static proxy::awaitable<void> send(proxy::HttpUpstream& upstream, proxy::SmallRequest request, proxy::Asker asker,
                                       std::optional<Result<proxy::Exchange>>& answer)
    {
        answer = co_await upstream.send(std::move(request), std::move(asker));
    }

    SystemClock clock_;
    proxy::Loop loop_;
    asio::thread_pool workers_;
    proxy::HttpUpstream upstream_;
};

Finding judge_clock(const proxy::Exchange& answer)
{
    const auto date = proxy::parse_http_date(answer.fields.get("Date"));
    if (!date)
        return unknown("clock", "the upstream sends no Date to compare with");
    const auto apart = std::chrono::floor<std::chrono::seconds>(SystemClock().now() - *date).count();
    constexpr std::int64_t tolerated = 120;
    if (std::abs(apart) > tolerated)
        return problem("clock", "it differs from the upstream's by " + std::to_string(apart) + " s",
                       "Set it (timedatectl set-ntp true): freshness and signed URLs go by it.");
    return {"clock", Health::ok, "within " + std::to_string(std::abs(apart)) + " s of the upstream's", ""};
}

Finding judge_key(const proxy::Exchange& answer)
{
    boost::system::error_code error;
    const auto document = boost::json::parse(answer.body, error);
    const auto* valid = !error && document.is_object() ? document.get_object().if_contains("valid") : nullptr;
    if (answer.status == 401 || answer.status == 403 || (valid != nullptr && *valid == false))
        return problem("key", "the upstream does not accept it", "Make a new one, and put it where this one is.");
    if (answer.status != 200)
        return unknown("key", "the upstream answered " + std::to_string(answer.status) + " to /api/keys/verify");
    return {"key", Health::ok, "the upstream accepts it", ""};
}

// A batch that does not exist tells as well what the upstream understands: a JSON document says so.
Finding judge_dialect(const proxy::Exchange& answer)
{
    boost::system::error_code error;
    const auto document = boost::json::parse(answer.body, error);
    if (error || !document.is_object())
        return problem("dialect", "the upstream's answers are not JSON (status " + std::to_string(answer.status) + ")",
                       "A sign-in page or another server may be in between; check upstream.base_url.");
    return {"dialect", Health::ok, "the upstream speaks the API that is expected", ""};
}

Findings ask_upstream(Questions& questions, const proxy::Credential& key)
{
    proxy::SmallRequest verify{.method = "POST", .target = "/api/keys/verify", .fields = {}, .body = "{}"};
    verify.fields.add("Content-Type", "application/json");
    const auto verified = questions.ask(std::move(verify), key);
    if (!verified)
        return {problem("upstream", verified.error().detail, "Check the network and upstream.base_url.")};
    Findings findings{{"upstream", Health::ok, "it answers", ""}, judge_clock(*verified)};
    findings.push_back(key ? judge_key(*verified) : unknown("key", "none is configured: the clients' own are used"));
    const auto status = questions.ask(
        {.method = "GET", .target = "/api/batch/nomadic-cached-doctor/status", .fields = {}, .body = {}}, key);
    findings.push_back(status ? judge_dialect(*status) : unknown("dialect", status.error().detail));
    return findings;
}

} // namespace

Findings examine_upstream(const config::Settings& settings, const config::Environment& environment)
{
    const auto endpoint = proxy::parse_endpoint(settings.upstream.base_url);
    if (!endpoint)
        return {problem("upstream", endpoint.error().detail, "Correct upstream.base_url.")};
    auto through = upstream_proxy(settings.upstream, *endpoint, environment);
    if (!through)
        return {problem("upstream", through.error().detail, "Correct upstream.proxy.")};
    Findings findings;
    if (*through) {
        findings.push_back(unknown("dns", "the proxy " + (*through)->authority() + " looks names up"));
    } else {
        findings.push_back(examine_name(*endpoint));
        if (endpoint->encrypted && findings.back().health == Health::ok)
            findings.push_back(examine_tls(*endpoint, settings.upstream));
    }
    if (findings.back().health == Health::problem)
        return findings;
    auto once = settings.upstream;
    once.retries = 0;
    auto connector = proxy::Connector::make(once, *endpoint, std::move(*through));
    if (!connector) {
        findings.push_back(problem("upstream", connector.error().detail, "Correct the file that is named."));
        return findings;
    }
    const auto key = config::find_api_key(settings.auth, environment);
    Questions questions(once, std::move(*connector));
    for (auto& finding : ask_upstream(questions, key ? key->key : nullptr))
        findings.push_back(std::move(finding));
    return findings;
}

} // namespace nomadic::daemon
