#include "proxy/upstream/refusal.hpp"

#include "proxy/upstream/dialect.hpp"
#include "proxy/upstream/retry.hpp"

namespace nomadic::proxy {

namespace {

struct Meaning {
    Errc code;
    std::string sentence;
};

Meaning meaning_of(unsigned status, std::string_view asked)
{
    switch (status) {
    case 401:
        return {Errc::unauthorized, "The upstream does not accept this API key. Check it, or make a new one."};
    case 403:
        return {Errc::forbidden, "The upstream does not let this API key read " + std::string(asked) + "."};
    case 404:
        return {Errc::not_found, "The upstream knows no " + std::string(asked) + ". Check the id and the API key."};
    case 429:
        return {Errc::overloaded, "The upstream's rate limit holds longer than the daemon is set to wait "
                                  "(upstream.retry_max_delay, upstream.retries). Try again later."};
    default:
        return {Errc::upstream_failed, "The upstream failed to give " + std::string(asked) + ": it answered " +
                                           std::to_string(status) + ". Try again later."};
    }
}

} // namespace

Failure refusal(const Exchange& exchange, std::string_view asked, TimePoint now)
{
    auto [code, sentence] = meaning_of(exchange.status, asked);
    Failure failure{.code = code, .detail = std::move(sentence), .members = {{"upstream_status", exchange.status}}};
    if (const auto message = message_of(exchange.body); !message.empty()) {
        failure.members["upstream_message"] = message;
        failure.detail += " It says: " + message;
    }
    if (exchange.status >= 300 && exchange.status < 400)
        failure.detail = "The upstream answered " + std::to_string(exchange.status) + ": it redirects to '" +
                         std::string(exchange.fields.get("Location")) +
                         "'. That is not followed, since the API key would go along. If the API is there, set "
                         "upstream.base_url.";
    if (code == Errc::overloaded)
        failure.retry_after =
            parse_retry_after(exchange.fields.get("Retry-After"), now).value_or(std::chrono::seconds{1});
    return failure;
}

bool is_refusal(const Failure& failure)
{
    return failure.code == Errc::unauthorized || failure.code == Errc::forbidden || failure.code == Errc::not_found;
}

} // namespace nomadic::proxy
