#include "daemon/doctor_answers.hpp"

#include "proxy/http/conditional.hpp"
#include "proxy/net/loop.hpp"
#include "proxy/upstream/http_upstream.hpp"

#include <boost/json.hpp>

namespace nomadic::daemon {

namespace {

namespace asio = boost::asio;

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

std::string in_words(std::int64_t seconds)
{
    constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    if (seconds < 2 * minute)
        return std::to_string(seconds) + " s";
    if (seconds < 2 * hour)
        return std::to_string(seconds / minute) + " minutes";
    return seconds < 2 * day ? std::to_string(seconds / hour) + " hours" : std::to_string(seconds / day) + " days";
}

Finding judge_clock(const proxy::Exchange& answer)
{
    const auto date = proxy::parse_http_date(answer.fields.get("Date"));
    if (!date)
        return unknown("clock", "the upstream sends no Date to compare with");
    const auto ahead = std::chrono::floor<std::chrono::seconds>(SystemClock().now() - *date).count();
    constexpr std::int64_t tolerated = 120;
    if (std::abs(ahead) > tolerated)
        return problem("clock",
                       "it differs from the upstream's: it is " + in_words(std::abs(ahead)) +
                           (ahead > 0 ? " ahead" : " behind"),
                       "Set it (timedatectl set-ntp true): freshness and signed URLs go by it.");
    return fine("clock", "within " + std::to_string(std::abs(ahead)) + " s of the upstream's");
}

std::string member(const proxy::Exchange& answer, std::string_view name)
{
    boost::system::error_code error;
    const auto document = boost::json::parse(answer.body, error);
    const auto* found = !error && document.is_object() ? document.get_object().if_contains(name) : nullptr;
    return found == nullptr     ? std::string{}
           : found->is_string() ? std::string(found->get_string())
                                : boost::json::serialize(*found);
}

Finding judge_answer(const proxy::Exchange& answer)
{
    const auto status = std::to_string(answer.status);
    if (answer.status >= 300 && answer.status < 400)
        return upstream_problem(
            "upstream", "it answers " + status + " and sends us to " + std::string(answer.fields.get("Location")),
            "If that is the API, set upstream.base_url to it; it may be a sign-in page.");
    if (answer.status == 407)
        return upstream_problem("upstream", "the proxy asks for a user and password (407)",
                                "Put them into HTTPS_PROXY or http_proxy: http://USER:PASSWORD@HOST:PORT.");
    if (answer.status == 429 || answer.status >= 500)
        return upstream_problem("upstream", "it answers " + status + " " + member(answer, "detail"),
                                "Try again later; whoever runs it may know more.");
    return fine("upstream", "it answers");
}

Finding judge_key(const proxy::Exchange& answer)
{
    if (answer.status == 401 || answer.status == 403 || member(answer, "valid") == "false")
        return problem("key", "the upstream does not accept it", "Make a new one, and put it where this one is.");
    if (answer.status != 200)
        return unknown("key", "the upstream answered " + std::to_string(answer.status) + " to /api/keys/verify");
    return fine("key", "the upstream accepts it");
}

// A batch that does not exist tells as well what the upstream understands: a JSON document says so.
Finding judge_dialect(const proxy::Exchange& answer)
{
    boost::system::error_code error;
    const auto document = boost::json::parse(answer.body, error);
    if (error || !document.is_object())
        return upstream_problem("dialect",
                                "the upstream's answers are not JSON (status " + std::to_string(answer.status) + ")",
                                "A sign-in page or another server may be in between; check upstream.base_url.");
    return fine("dialect", "the upstream speaks the API that is expected");
}

Finding no_answer(const Failure& failure, const config::Upstream& settings)
{
    if (failure.code == Errc::upstream_timeout)
        return upstream_problem("upstream",
                                "it took the request, but sent no answer within " +
                                    std::to_string(settings.request_timeout.count()) + " ms",
                                "If it is only slow, the daemon waits for upstream.request_timeout. Else check "
                                "upstream.base_url: something in between may take connections and keep quiet.");
    return upstream_problem("upstream", failure.detail,
                            failure.advice.empty() ? "Check the network and upstream.base_url." : failure.advice);
}

} // namespace

Findings ask_upstream(const config::Upstream& settings, std::shared_ptr<proxy::Connector> connector,
                      const proxy::Credential& key)
{
    Questions questions(settings, std::move(connector));
    proxy::SmallRequest verify{.method = "POST", .target = "/api/keys/verify", .fields = {}, .body = "{}"};
    verify.fields.add("Content-Type", "application/json");
    const auto verified = questions.ask(std::move(verify), key);
    if (!verified)
        return {no_answer(verified.error(), settings)};
    Findings findings{judge_answer(*verified), judge_clock(*verified)};
    if (findings.front().health == Health::problem)
        return findings;
    findings.push_back(key ? judge_key(*verified) : unknown("key", "none is configured: the clients' own are used"));
    const auto status = questions.ask(
        {.method = "GET", .target = "/api/batch/nomadic-cached-doctor/status", .fields = {}, .body = {}}, key);
    findings.push_back(status ? judge_dialect(*status) : unknown("dialect", status.error().detail));
    return findings;
}

} // namespace nomadic::daemon
