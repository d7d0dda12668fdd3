#pragma once

// The upstream over HTTP: pooled connections, retries, both dialects, parallel chunks. Loop thread; answers are parsed
// on the workers.

#include "base/clock.hpp"
#include "base/counted.hpp"
#include "batch/parse.hpp"
#include "cache/inbox.hpp"
#include "config/settings.hpp"
#include "proxy/upstream/counts.hpp"
#include "proxy/upstream/dialect.hpp"
#include "proxy/upstream/gate.hpp"
#include "proxy/upstream/pool.hpp"
#include "proxy/upstream/response_reader.hpp"
#include "proxy/upstream/retry.hpp"
#include "proxy/upstream/upstream.hpp"

#include <random>
#include <span>

namespace nomadic::proxy {

class HttpUpstream final : public Upstream {
public:
    HttpUpstream(const config::Upstream& settings, std::shared_ptr<Pool> pool, asio::thread_pool& workers,
                 const Clock& clock);

    awaitable<Result<StatusAnswer>> status(std::string batch_id, Validators known, Asker asker) override;
    awaitable<Result<std::chrono::seconds>> analyses(batch::StatusDocument& status, Asker asker,
                                                     RecordSink sink) override;
    awaitable<Result<Exchange>> send(SmallRequest request, Asker asker) override;
    awaitable<Result<Response>> forward(Request& request, Asker asker) override;

    const UpstreamCounts& counts() const { return counts_; }

private:
    struct FanOut;
    struct Forwarding;

    // Runs `work` on the workers and comes back with its result.
    template <class Work>
    awaitable<std::invoke_result_t<Work>> on_workers(Work work);
    awaitable<Result<StatusAnswer>> status_as(std::string batch_id, Validators known, Asker asker, Videos videos);
    static std::chrono::seconds age_of(const Exchange& exchange);
    static void note(const Asker& asker, const SmallRequest& request, const Result<Exchange>& exchange, TimePoint at,
                     std::chrono::steady_clock::duration took);
    awaitable<Result<Exchange>> attempt(const SmallRequest& request, const Asker& asker);
    awaitable<Result<Exchange>> attempt_on(Pool::Lease& lease, const SmallRequest& request, const Asker& asker,
                                           bool& begun);
    bool crawls(std::chrono::steady_clock::duration waited, std::size_t received) const;
    awaitable<Result<Exchange>> read_whole(Pool::Lease& lease, ResponseReader& reader);
    awaitable<void> pause(std::chrono::milliseconds delay);

    awaitable<Result<std::chrono::seconds>> analyses_as(config::DialectChoice dialect, batch::StatusDocument& status,
                                                        Asker asker, RecordSink sink);
    Failure refused_analyses(const Exchange& exchange, const std::string& batch_id) const;
    awaitable<Result<std::chrono::seconds>> by_bulk(batch::StatusDocument& status, Asker asker, RecordSink sink);
    awaitable<Result<std::chrono::seconds>> by_filter_batch(batch::StatusDocument& status, Asker asker,
                                                            RecordSink sink);
    static awaitable<void> fetch_chunks(HttpUpstream& upstream, std::shared_ptr<FanOut> all);
    awaitable<Result<Exchange>> ask(FanOut& all, std::span<const batch::VideoPointer> asked);
    awaitable<Result<void>> fetch_chunk(FanOut& all, std::span<const batch::VideoPointer> asked,
                                        std::optional<Gate::Pass>& request);
    awaitable<Result<void>> ask_again(FanOut& all, std::span<const batch::VideoPointer> asked,
                                      batch::BulkAnswer& chunk);
    awaitable<Result<void>> begin(std::shared_ptr<Forwarding> forwarding, Request& request, const std::string& head);
    Response pass_on(std::shared_ptr<Forwarding> forwarding) const;

    config::Upstream settings_;
    RetryPolicy retry_;
    std::shared_ptr<Pool> pool_;
    asio::thread_pool& workers_;
    const Clock& clock_;
    config::DialectChoice dialect_;    // asked first; found out when automatic
    Videos videos_ = Videos::as_usual; // found out
    std::mt19937_64 random_;
    UpstreamCounts counts_;
};

template <class Work>
awaitable<std::invoke_result_t<Work>> HttpUpstream::on_workers(Work work)
{
    const Counted parsing(counts_.parsing);
    co_return co_await cache::run_on(workers_, std::move(work));
}

// The head of a request to `endpoint`, from parsed values only. `framing` is its Content-Length or Transfer-Encoding.
std::string request_head(const Pool& pool, std::string_view method, std::string_view target, const Fields& fields,
                         const Asker& asker, std::string_view framing);

} // namespace nomadic::proxy
