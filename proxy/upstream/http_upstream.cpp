#include "proxy/upstream/http_upstream.hpp"

#include "base/log.hpp"
#include "batch/parse.hpp"
#include "cache/inbox.hpp"
#include "proxy/http/via.hpp"
#include "proxy/upstream/dialect.hpp"
#include "proxy/upstream/refusal.hpp"

#include <charconv>
#include <unordered_set>

namespace nomadic::proxy {

namespace {

// Enough that one is parsed while another is compressed and a third is written.
constexpr std::size_t parsed_at_once = 3;
// Of answers that wait for their turn, beside those that may be under way.
constexpr std::size_t most_waiting = std::size_t{8} * 1024 * 1024;

bool worth_another(const Failure& failure)
{
    return failure.code == Errc::upstream_failed || failure.code == Errc::upstream_timeout ||
           failure.code == Errc::upstream_unreachable;
}

// RFC 9111, 5.1; what is no number of seconds, or beyond all reason, counts as no age.
std::chrono::seconds age_of(const Exchange& exchange)
{
    constexpr std::uint32_t most = 10 * 365 * 24 * 3600;
    const auto text = exchange.fields.get("Age");
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool sane = error == std::errc{} && end == text.data() + text.size() && count <= most;
    return std::chrono::seconds(sane ? count : 0);
}

// A 404 or 405 to who asks for the analyses of a batch whose status the upstream has just given: what it lacks is the
// endpoint.
bool lacks_endpoint(const Failure& failure)
{
    return failure.code == Errc::not_found || failure.code == Errc::method_not_allowed;
}

// What the caller is told then: not that the batch is unknown, for it is not.
Failure without_analyses(Failure failure, const std::string& batch_id)
{
    failure.code = Errc::upstream_failed;
    failure.detail = "The upstream has batch " + batch_id + ", but does not give its analyses.";
    if (const auto* said = failure.members.if_contains("upstream_message"))
        failure.detail += " It says: " + std::string(said->get_string());
    return failure;
}

// Each video once, in their order; empty when there is no video twice, so that many are not copied for nothing.
std::vector<batch::VideoPointer> without_repeats(const std::vector<batch::VideoPointer>& pointers)
{
    std::unordered_set<std::string_view> seen;
    for (const auto& pointer : pointers)
        seen.insert(pointer.video_id);
    std::vector<batch::VideoPointer> once;
    if (seen.size() < pointers.size())
        for (const auto& pointer : pointers)
            if (seen.erase(pointer.video_id) != 0)
                once.push_back(pointer);
    return once;
}

// One more while it lives.
class Counted {
public:
    explicit Counted(std::uint64_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::uint64_t& count_;
};

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

template <class Work>
awaitable<std::invoke_result_t<Work>> HttpUpstream::on_workers(Work work)
{
    const Counted parsing(counts_.parsing);
    co_return co_await cache::run_on(workers_, std::move(work));
}

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

awaitable<Result<std::chrono::seconds>> HttpUpstream::analyses(batch::StatusDocument& status, Asker asker,
                                                               RecordSink sink)
{
    auto fetched = co_await analyses_as(dialect_, status, asker, sink);
    if (!fetched && lacks_endpoint(fetched.error()) && settings_.dialect == config::DialectChoice::automatic) {
        const bool older = dialect_ != config::DialectChoice::filter_batch;
        const auto other = older ? config::DialectChoice::filter_batch : config::DialectChoice::bulk;
        fetched = co_await analyses_as(other, status, std::move(asker), std::move(sink));
        if (fetched) {
            log::info("the upstream speaks another dialect", {{"dialect", older ? "filter_batch" : "bulk"}});
            dialect_ = other; // asked first from now on
        }
    }
    if (!fetched && lacks_endpoint(fetched.error()))
        co_return without_analyses(fetched.error(), status.batch_id);
    co_return fetched;
}

awaitable<Result<std::chrono::seconds>>
HttpUpstream::analyses_as(config::DialectChoice dialect, batch::StatusDocument& status, Asker asker, RecordSink sink)
{
    if (dialect == config::DialectChoice::filter_batch)
        co_return co_await by_filter_batch(status, std::move(asker), std::move(sink));
    co_return co_await by_bulk(status, std::move(asker), std::move(sink));
}

Failure HttpUpstream::refused_analyses(const Exchange& exchange, const std::string& batch_id) const
{
    auto failure = refusal(exchange, "batch " + batch_id, clock_.now());
    if (exchange.status == 405)
        failure.code = Errc::method_not_allowed;
    return failure;
}

awaitable<Result<std::chrono::seconds>> HttpUpstream::by_filter_batch(batch::StatusDocument& status, Asker asker,
                                                                      RecordSink sink)
{
    auto exchange = co_await send(filter_batch::request(status.batch_id), std::move(asker));
    if (!exchange)
        co_return exchange.error();
    if (exchange->status != 200)
        co_return refused_analyses(*exchange, status.batch_id);
    auto parse = [&] { return batch::parse_filter_batch(status, exchange->body); };
    auto records = co_await on_workers(parse);
    if (!records)
        co_return records.error();
    if (auto taken = co_await sink(std::move(*records)); !taken)
        co_return taken.error();
    co_return age_of(*exchange);
}

// What the chunks of one batch share. The first failure is everybody's.
struct HttpUpstream::FanOut {
    const batch::StatusDocument& status;
    Asker asker;
    RecordSink sink;
    std::vector<batch::VideoPointer> once; // empty: the status document's own are
    std::size_t next = 0;
    std::size_t running = 0;
    std::optional<Failure> failure;
    bool answered = false;       // a chunk was given, so the endpoint is there
    std::chrono::seconds age{0}; // of the oldest answer
    std::size_t waiting = 0;     // bytes of answers that are not being parsed yet
    Signal done;
    Gate requests;
    Gate parsing; // an answer is several times its size while it is parsed and stored: a few at a time

    std::span<const batch::VideoPointer> pointers() const { return once.empty() ? status.videos : once; }
};

awaitable<Result<std::chrono::seconds>> HttpUpstream::by_bulk(batch::StatusDocument& status, Asker asker,
                                                              RecordSink sink)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto find_repeats = [&status] { return without_repeats(status.videos); };
    auto once = co_await on_workers(find_repeats);
    auto all = std::make_shared<FanOut>(FanOut{.status = status,
                                               .asker = std::move(asker),
                                               .sink = std::move(sink),
                                               .once = std::move(once),
                                               .failure = {},
                                               .done = Signal(executor),
                                               .requests = Gate(executor, settings_.max_parallel),
                                               .parsing = Gate(executor, parsed_at_once)});
    const auto chunks = (all->pointers().size() + settings_.chunk_size - 1) / settings_.chunk_size;
    if (chunks == 0)
        co_return std::chrono::seconds{0};
    all->running = std::min<std::size_t>(chunks, std::size_t{2} * settings_.max_parallel);
    for (std::size_t i = all->running; i > 0; --i)
        asio::co_spawn(executor, fetch_chunks(*this, all), asio::detached);
    co_await all->done.wait();
    if (all->failure && all->answered && lacks_endpoint(*all->failure))
        co_return without_analyses(*all->failure, status.batch_id);
    if (all->failure)
        co_return *all->failure;
    co_return all->age;
}

awaitable<void> HttpUpstream::fetch_chunks(HttpUpstream& upstream, std::shared_ptr<FanOut> all)
{
    for (;;) {
        std::optional<Gate::Pass> request(co_await all->requests.enter());
        if (all->failure || all->next == all->pointers().size())
            break;
        const auto count = std::min<std::size_t>(upstream.settings_.chunk_size, all->pointers().size() - all->next);
        const auto asked = all->pointers().subspan(all->next, count);
        all->next += count;
        auto fetched = co_await upstream.fetch_chunk(*all, asked, request);
        if (!fetched && !all->failure)
            all->failure = fetched.error();
    }
    if (--all->running == 0)
        all->done.fire();
}

awaitable<Result<void>> HttpUpstream::fetch_chunk(FanOut& all, std::span<const batch::VideoPointer> asked,
                                                  std::optional<Gate::Pass>& request)
{
    auto exchange = co_await send(bulk::request(all.status.batch_id, asked), all.asker);
    if (!exchange)
        co_return exchange.error();
    if (exchange->status != 200)
        co_return refused_analyses(*exchange, all.status.batch_id);
    all.answered = true;
    // While answers wait to be parsed the upstream need not wait to be asked, unless they become many bytes.
    const auto size = exchange->body.size();
    all.waiting += size;
    if (all.waiting <= most_waiting)
        request.reset();
    const auto turn = co_await all.parsing.enter();
    all.waiting -= size;
    auto parse = [&] {
        const auto body = std::move(exchange->body);
        return batch::parse_bulk(all.status, asked, body);
    };
    auto records = co_await on_workers(parse);
    if (!records)
        co_return records.error();
    all.age = std::max(all.age, age_of(*exchange));
    co_return co_await all.sink(std::move(*records));
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
