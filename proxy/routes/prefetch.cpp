#include "proxy/routes/prefetch.hpp"

#include "proxy/http/problem.hpp"
#include "proxy/http/url.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

// How often progress is told while a batch is being fetched.
constexpr std::chrono::milliseconds progress_interval{250};

Result<PrefetchWish> parse_wish(const std::string& body)
{
    const Failure wrong{.code = Errc::bad_request,
                        .detail = "The body must be {\"batch_ids\": [\"...\", ...]} with at least one id, and, if "
                                  "wanted, \"wait\": true and \"with_thumbnails\": true.",
                        .members = {}};
    boost::system::error_code error;
    const auto document = json::parse(body, error);
    if (error || !document.is_object())
        return wrong;
    PrefetchWish wish;
    for (const auto& member : document.get_object()) {
        const auto& value = member.value();
        if (member.key() == "wait" && value.is_bool()) {
            wish.wait = value.get_bool();
        } else if (member.key() == "with_thumbnails" && value.is_bool()) {
            wish.with_thumbnails = value.get_bool();
        } else if (member.key() == "batch_ids" && value.is_array()) {
            for (const auto& id : value.get_array()) {
                if (!id.is_string() || id.get_string().empty())
                    return wrong;
                if (auto checked = check_segment(id.get_string()); !checked)
                    return checked.error();
                wish.batch_ids.emplace_back(id.get_string());
            }
        } else {
            return wrong;
        }
    }
    if (wish.batch_ids.empty())
        return wrong;
    return wish;
}

// Not yet completed, and not at an end of another kind.
bool may_complete(const Failure& failure)
{
    const auto* status = failure.members.if_contains("batch_status");
    if (failure.code != Errc::not_completed || status == nullptr || !status->is_string())
        return false;
    const auto& text = status->get_string();
    return text != "failed" && text != "cancelled" && text != "partially_completed";
}

} // namespace

// One request's batches, one after the other. What it refers to outlives every session.
class PrefetchRoute::Run {
public:
    Run(BatchService& batches, Thumbnails& thumbnails, Want want, PrefetchWish wish)
        : batches_(batches), thumbnails_(thumbnails), want_(std::move(want)), wish_(std::move(wish))
    {
        // What is stored is not fetched again, whatever its age: that is what a refresh is for.
        want_.directives.max_stale = std::chrono::seconds::max();
    }

    static awaitable<Result<void>> stream(std::shared_ptr<Run> run, BodyWriter& writer)
    {
        for (const auto& batch_id : run->wish_.batch_ids) {
            run->want_.batch_id = batch_id;
            auto done = co_await run->one(writer);
            if (!done)
                co_return done;
        }
        const auto count = run->wish_.batch_ids.size();
        const auto text = event("done", {{"stored", run->stored_}, {"failed", count - run->stored_}});
        co_return co_await writer.write(text);
    }

private:
    static std::string event(std::string_view name, const json::object& data)
    {
        return "event: " + std::string(name) + "\ndata: " + json::serialize(data) + "\n\n";
    }

    // The flight goes on when the client goes; until then it is told how far it has come.
    awaitable<Result<void>> one(BodyWriter& writer)
    {
        const auto executor = co_await asio::this_coro::executor;
        for (;;) {
            auto arrival = std::make_shared<Arrival>(executor);
            asio::co_spawn(executor, fetch(batches_, want_, arrival), asio::detached);
            Progress told;
            while (!arrival->landed.fired()) {
                co_await arrival->tick();
                const auto key = co_await batches_.locate(want_.identity, want_.batch_id);
                const auto progress = batches_.progress_of(key);
                if (arrival->landed.fired() || !progress ||
                    (progress->videos == told.videos && progress->retries == told.retries))
                    continue;
                told = *progress;
                const auto text = event("progress", {{"batch_id", want_.batch_id},
                                                     {"state", "fetching"},
                                                     {"videos", progress->videos},
                                                     {"total", progress->total},
                                                     {"retries", progress->retries}});
                auto written = co_await writer.write(text);
                if (!written)
                    co_return written;
            }
            const auto& answer = *arrival->answer;
            const bool running = wish_.wait && !answer && may_complete(answer.error());
            if (!running)
                co_return co_await tell(answer, writer);
            json::object data{{"batch_id", want_.batch_id}, {"state", "waiting"}};
            for (const auto& member : answer.error().members)
                data.insert(member);
            const auto text = event("progress", data);
            auto written = co_await writer.write(text);
            if (!written)
                co_return written;
            asio::steady_timer pause(executor, answer.error().retry_after.value_or(std::chrono::seconds{1}));
            auto [error] = co_await pause.async_wait(as_result);
            if (error)
                co_return Failure{.code = Errc::cancelled, .detail = "The client went away.", .members = {}};
        }
    }

    awaitable<Result<void>> tell(Result<Answer> answer, BodyWriter& writer)
    {
        json::object data{{"batch_id", want_.batch_id}};
        if (answer && !answer->held) {
            ++stored_;
            data["state"] = "stored";
            data["cached"] = answer->provenance.forward == Provenance::Forward::none;
            data["videos"] = answer->snapshot.videos;
            data["events"] = answer->snapshot.event_count();
            if (wish_.with_thumbnails)
                co_await add_thumbnails(answer->snapshot, data);
        } else {
            data["state"] = "failed";
            data["detail"] = answer ? "The store could not take it." : told(answer.error());
            data["status"] = status_of(answer ? Errc::store_failed : answer.error().code);
            data["offline_miss"] = !answer && answer.error().code == Errc::offline_miss;
        }
        const auto text = event("progress", data);
        co_return co_await writer.write(text);
    }

    awaitable<void> add_thumbnails(cache::Snapshot snapshot, json::object& data)
    {
        auto fetched = co_await thumbnails_.fetch(std::move(snapshot));
        if (fetched) {
            data["thumbnails"] = fetched->stored;
            data["thumbnails_failed"] = fetched->failed;
        }
        const auto why = fetched ? fetched->why : fetched.error().detail;
        if (!why.empty())
            data["thumbnails_detail"] = why;
    }

    struct Arrival {
        explicit Arrival(const asio::any_io_executor& executor) : landed(executor), timer(executor) {}
        awaitable<void> tick()
        {
            timer.expires_after(progress_interval);
            co_await timer.async_wait(as_result); // cut short by the landing
        }
        Signal landed;
        asio::steady_timer timer;
        std::optional<Result<Answer>> answer;
    };

    static awaitable<void> fetch(BatchService& batches, Want want, std::shared_ptr<Arrival> arrival)
    {
        arrival->answer = co_await batches.get(std::move(want));
        arrival->landed.fire();
        arrival->timer.cancel();
    }

    BatchService& batches_;
    Thumbnails& thumbnails_;
    Want want_;
    PrefetchWish wish_;
    std::size_t stored_ = 0;
};

void PrefetchRoute::add_to(Router& router)
{
    router.add(
        "POST", "/v1/prefetch", [this](Request& request, PathParameters) { return post(request); }, ReadsQuery::no);
}

awaitable<Response> PrefetchRoute::post(Request& request)
{
    auto body = co_await read_body(*request.body, most_body_bytes_);
    if (!body)
        co_return problem(body.error(), request.target);
    auto wish = parse_wish(*body);
    if (!wish)
        co_return problem(wish.error(), request.target);
    auto identity = co_await credentials_.identify(request);
    if (!identity)
        co_return problem(identity.error(), request.target);
    Want want{.identity = std::move(*identity), .batch_id = {}, .request_id = request.request_id};
    auto run = std::make_shared<Run>(batches_, thumbnails_, std::move(want), std::move(*wish));
    Response response;
    response.fields.add("Content-Type", "text/event-stream");
    response.fields.add("Cache-Control", "no-store");
    response.body = Stream([run](BodyWriter& writer) { return Run::stream(run, writer); });
    co_return response;
}

} // namespace nomadic::proxy
