// The analyses of a batch from the upstream, chunk by chunk or all at once.

#include "base/log.hpp"
#include "batch/parse.hpp"
#include "proxy/net/signal.hpp"
#include "proxy/upstream/http_upstream.hpp"
#include "proxy/upstream/refusal.hpp"

#include <unordered_set>

namespace nomadic::proxy {

namespace {

// Enough that one is parsed while another is compressed and a third is written.
constexpr std::size_t parsed_at_once = 3;
// Of answers that wait for their turn, beside those that may be under way.
constexpr std::size_t most_waiting = std::size_t{8} * 1024 * 1024;

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

} // namespace

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

awaitable<Result<Exchange>> HttpUpstream::ask(FanOut& all, std::span<const batch::VideoPointer> asked)
{
    auto exchange = co_await send(bulk::request(all.status.batch_id, asked), all.asker);
    if (exchange && exchange->status != 200)
        co_return refused_analyses(*exchange, all.status.batch_id);
    if (exchange) {
        all.answered = true;
        all.age = std::max(all.age, age_of(*exchange));
    }
    co_return exchange;
}

awaitable<Result<void>> HttpUpstream::fetch_chunk(FanOut& all, std::span<const batch::VideoPointer> asked,
                                                  std::optional<Gate::Pass>& request)
{
    auto exchange = co_await ask(all, asked);
    if (!exchange)
        co_return exchange.error();
    // While answers wait to be parsed the upstream need not wait to be asked, unless they become many bytes.
    const auto size = exchange->body.size();
    all.waiting += size;
    if (all.waiting <= most_waiting)
        request.reset();
    const auto turn = co_await all.parsing.enter();
    all.waiting -= size;
    auto parse = [&] {
        const auto body = std::move(exchange->body); // freed as soon as it is parsed
        return batch::parse_bulk(all.status, asked, body);
    };
    auto chunk = co_await on_workers(parse);
    if (!chunk)
        co_return chunk.error();
    if (!chunk->left_out.empty())
        if (auto completed = co_await ask_again(all, asked, *chunk); !completed)
            co_return completed;
    co_return co_await all.sink(std::move(chunk->records));
}

// An answer that leaves out what there should be may have been made in haste. What the upstream leaves out twice it
// does not have: its clients then say that the analysis was not found, and so do we.
awaitable<Result<void>> HttpUpstream::ask_again(FanOut& all, std::span<const batch::VideoPointer> asked,
                                                batch::BulkAnswer& chunk)
{
    log::info("the upstream's answer leaves out videos: they are asked for again",
              {{"batch_id", all.status.batch_id}, {"videos", std::to_string(chunk.left_out.size())}});
    std::vector<batch::VideoPointer> pointers;
    for (const auto place : chunk.left_out)
        pointers.push_back(asked[place]);
    auto exchange = co_await ask(all, pointers);
    if (!exchange)
        co_return exchange.error();
    auto parse = [&] { return batch::parse_bulk(all.status, pointers, exchange->body); };
    auto again = co_await on_workers(parse);
    if (!again)
        co_return again.error();
    if (!again->left_out.empty())
        log::warn("the upstream gives no analysis of videos that it calls completed, and does not say why",
                  {{"batch_id", all.status.batch_id}, {"videos", std::to_string(again->left_out.size())}});
    for (std::size_t i = 0; i < chunk.left_out.size(); ++i)
        chunk.records[chunk.left_out[i]] = std::move(again->records[i]);
    co_return Result<void>{};
}

} // namespace nomadic::proxy
