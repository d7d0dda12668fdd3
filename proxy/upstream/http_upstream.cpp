#include "proxy/upstream/http_upstream.hpp"

#include "base/log.hpp"
#include "batch/parse.hpp"
#include "proxy/http/via.hpp"
#include "proxy/upstream/dialect.hpp"
#include "proxy/upstream/refusal.hpp"

#include <charconv>

namespace nomadic::proxy {

namespace {

bool worth_another(const Failure& failure)
{
    return failure.code == Errc::upstream_failed || failure.code == Errc::upstream_timeout ||
           failure.code == Errc::upstream_unreachable;
}

// What our own requests say about themselves where the caller does not.
Fields dressed(Fields fields)
{
    if (!fields.has("User-Agent"))
        fields.add("User-Agent", "nomadic-cached");
    if (!fields.has("Accept"))
        fields.add("Accept", "application/json");
    fields.set("Accept-Encoding", "identity"); // what is not packed can't be more than its length says
    add_via(fields, 1);
    return fields;
}

bool is_identity(std::string_view coding)
{
    return beast::iequals(coding, "identity");
}

// An upstream that refuses a key may repeat it, and its words go into logs and to whoever asked.
void black_out(std::string& text, const Credential& key)
{
    if (!key || key->reveal().empty())
        return;
    for (auto at = text.find(key->reveal()); at != std::string::npos; at = text.find(key->reveal(), at))
        text.replace(at, key->reveal().size(), "[key]");
}

} // namespace

HttpUpstream::HttpUpstream(const config::Upstream& settings, std::shared_ptr<Pool> pool, asio::thread_pool& workers,
                           const Clock& clock)
    : settings_(settings),
      retry_(retry_policy(settings)),
      pool_(std::move(pool)),
      workers_(workers),
      clock_(clock),
      dialect_(settings.dialect),
      random_(std::random_device{}())
{}

awaitable<Result<StatusAnswer>> HttpUpstream::status(std::string batch_id, Validators known, Asker asker)
{
    // Only a completed batch has to say what is in it.
    const auto incomplete = [](const Result<StatusAnswer>& answer) {
        return answer && answer->document && answer->document->completed() && !answer->document->lists_videos;
    };
    auto answer = co_await status_as(batch_id, known, asker, videos_);
    if (incomplete(answer) && videos_ == Videos::as_usual) {
        log::info("the upstream names a batch's videos only when it is asked to");
        videos_ = Videos::asked_for;
        answer = co_await status_as(std::move(batch_id), std::move(known), std::move(asker), videos_);
    }
    if (incomplete(answer))
        co_return Failure{.code = Errc::upstream_failed,
                          .detail = "The upstream's status is not the promised document: it has no array `videos`.",
                          .members = {}};
    co_return answer;
}

awaitable<Result<StatusAnswer>> HttpUpstream::status_as(std::string batch_id, Validators known, Asker asker,
                                                        Videos videos)
{
    auto request = status_request(batch_id, videos);
    if (!known.etag.empty())
        request.fields.add("If-None-Match", known.etag);
    else if (!known.last_modified.empty())
        request.fields.add("If-Modified-Since", known.last_modified);
    auto exchange = co_await send(std::move(request), std::move(asker));
    if (!exchange)
        co_return exchange.error();
    StatusAnswer answer{.document = nullptr, .validators = {}, .age = age_of(*exchange)};
    if (exchange->status == 304 && !known.empty()) {
        answer.validators = std::move(known);
        co_return answer;
    }
    if (exchange->status != 200)
        co_return refusal(*exchange, "batch " + batch_id, clock_.now());
    answer.validators = {std::string(exchange->fields.get("ETag")), std::string(exchange->fields.get("Last-Modified"))};
    auto parse = [&] { return batch::parse_status(std::move(exchange->body), batch_id); };
    auto document = co_await on_workers(parse);
    if (!document)
        co_return document.error();
    answer.document = std::make_shared<const batch::StatusDocument>(std::move(*document));
    co_return answer;
}

// RFC 9111, 5.1; what is no number of seconds, or beyond all reason, counts as no age.
std::chrono::seconds HttpUpstream::age_of(const Exchange& exchange)
{
    constexpr std::uint32_t most = 10 * 365 * 24 * 3600;
    const auto text = exchange.fields.get("Age");
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool sane = error == std::errc{} && end == text.data() + text.size() && count <= most;
    return std::chrono::seconds(sane ? count : 0);
}

awaitable<Result<Exchange>> HttpUpstream::send(SmallRequest request, Asker asker)
{
    for (std::uint32_t number = 1;; ++number) {
        const auto at = clock_.now();
        const auto begun = std::chrono::steady_clock::now();
        auto exchange = co_await attempt(request, asker);
        const auto took = std::chrono::steady_clock::now() - begun;
        counts_.durations.observe(std::chrono::duration<double>(took).count());
        exchange ? counts_.answered(exchange->status) : counts_.failed(exchange.error());
        if (exchange && exchange->status >= 400)
            black_out(exchange->body, asker.credential);
        note(asker, request, exchange, at, took);
        const bool again = exchange ? is_transient(exchange->status) : worth_another(exchange.error());
        if (!again)
            co_return exchange;
        const auto asked =
            exchange ? parse_retry_after(exchange->fields.get("Retry-After"), clock_.now()) : std::nullopt;
        const auto jitter = std::uniform_real_distribution<double>(0.0, 1.0)(random_);
        const auto delay = next_delay(retry_, number, asked, jitter);
        if (!delay)
            co_return exchange;
        log::debug("a request to the upstream is tried again",
                   {{"target", request.target},
                    {"why", exchange ? std::to_string(exchange->status) : exchange.error().detail},
                    {"delay_ms", std::to_string(delay->count())}});
        ++counts_.retries;
        if (asker.log)
            asker.log->tried_again();
        co_await pause(*delay);
    }
}

void HttpUpstream::note(const Asker& asker, const SmallRequest& request, const Result<Exchange>& exchange, TimePoint at,
                        std::chrono::steady_clock::duration took)
{
    if (asker.log)
        asker.log->add({.at = at,
                        .method = request.method,
                        .target = request.target,
                        .status = exchange ? exchange->status : 0,
                        .took = std::chrono::duration_cast<std::chrono::milliseconds>(took),
                        .bytes = exchange ? exchange->body.size() : 0});
}

awaitable<void> HttpUpstream::pause(std::chrono::milliseconds delay)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(as_result);
}

// A kept connection may have been closed while the request was on its way; that is no failure of the upstream's, so it
// is asked once more on a fresh one.
awaitable<Result<Exchange>> HttpUpstream::attempt(const SmallRequest& request, const Asker& asker)
{
    auto lease = co_await pool_->borrow(Pool::Freshness::any);
    if (!lease)
        co_return lease.error();
    bool begun = false;
    auto exchange = co_await attempt_on(*lease, request, asker, begun);
    if (exchange || begun || !lease->reused() || exchange.error().code == Errc::upstream_timeout)
        co_return exchange;
    auto fresh = co_await pool_->borrow(Pool::Freshness::fresh);
    if (!fresh)
        co_return fresh.error();
    co_return co_await attempt_on(*fresh, request, asker, begun);
}

awaitable<Result<Exchange>> HttpUpstream::attempt_on(Pool::Lease& lease, const SmallRequest& request,
                                                     const Asker& asker, bool& begun)
{
    const bool has_body = request.method != "GET" && request.method != "HEAD";
    const auto framing = has_body ? "Content-Length: " + std::to_string(request.body.size()) + "\r\n" : "";
    const auto head = request_head(*pool_, request.method, request.target, dressed(request.fields), asker, framing);
    const auto transport = lease.transport();
    ResponseReader reader(transport, request.method, settings_.request_timeout);
    // Whether it was written or not, the upstream may have answered: only the answer tells.
    co_await transport->write(head, request.body, settings_.request_timeout);
    auto read = co_await reader.read_head();
    begun = reader.begun();
    if (!read)
        co_return read.error();
    co_return co_await read_whole(lease, reader);
}

// A byte now and then would keep everybody waiting for ever.
bool HttpUpstream::crawls(std::chrono::steady_clock::duration waited, std::size_t received) const
{
    constexpr std::size_t slowest_a_second = 1024; // as no network of today is
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited).count();
    return waited > settings_.request_timeout && received < slowest_a_second * static_cast<std::size_t>(seconds + 1);
}

awaitable<Result<Exchange>> HttpUpstream::read_whole(Pool::Lease& lease, ResponseReader& reader)
{
    Exchange exchange{.status = reader.status(), .fields = reader.fields(), .body = {}};
    if (const auto coding = exchange.fields.joined("Content-Encoding"); !coding.empty() && !is_identity(coding))
        co_return Failure{.code = Errc::upstream_failed,
                          .detail = "The upstream's answer is packed (Content-Encoding: " + coding +
                                    "), which nobody asked for. It is not unpacked.",
                          .members = {}};
    // Room for all of it and the read that finds its end, so that it is not moved about while it grows; within reason,
    // since it is only announced.
    const auto begun = std::chrono::steady_clock::now();
    constexpr std::size_t piece = 256 * 1024, most_announced = 16 * 1024 * 1024;
    exchange.body.reserve(std::min<std::uint64_t>(reader.content_length().value_or(0), most_announced) + piece);
    for (;;) {
        const auto used = exchange.body.size();
        exchange.body.resize(used + piece);
        auto got = co_await reader.read_some(asio::buffer(exchange.body.data() + used, piece));
        if (!got)
            co_return got.error();
        exchange.body.resize(used + *got);
        counts_.bytes_received += *got;
        if (*got == 0)
            break;
        if (crawls(std::chrono::steady_clock::now() - begun, exchange.body.size()))
            co_return Failure{.code = Errc::upstream_timeout,
                              .detail = "The upstream's answer comes too slowly (upstream.request_timeout).",
                              .members = {}};
        if (exchange.body.size() > settings_.max_response_bytes)
            co_return Failure{.code = Errc::upstream_failed,
                              .detail =
                                  "The upstream's answer is larger than upstream.max_response_bytes allows. Lower "
                                  "upstream.chunk_size, or raise that limit.",
                              .members = {}};
    }
    if (reader.reusable())
        lease.give_back();
    co_return exchange;
}

} // namespace nomadic::proxy
