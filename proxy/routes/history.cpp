#include "proxy/routes/history.hpp"

#include "proxy/http/url.hpp"
#include "proxy/routes/analysis_query.hpp"
#include "proxy/routes/batch_summary.hpp"
#include "proxy/routes/identified.hpp"
#include "proxy/routes/uncached.hpp"

#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

struct DiffQuery {
    std::optional<cache::AsOf> from, to;
    batch::Format format = batch::Format::json;
};

Result<DiffQuery> parse_diff_query(const Request& request)
{
    auto parameters = parse_query(request.query);
    if (!parameters)
        return parameters.error();
    if (auto once = refuse_repeats(*parameters); !once)
        return once.error();
    DiffQuery query;
    query.format = negotiate_format(request.fields);
    for (const auto& [name, value] : *parameters) {
        if (name == "from" || name == "to") {
            auto as_of = parse_as_of(value);
            if (!as_of)
                return as_of.error();
            (name == "from" ? query.from : query.to) = *as_of;
        } else if (name == "format" && (value == "json" || value == "csv")) {
            query.format = value == "csv" ? batch::Format::csv : batch::Format::json;
        } else if (name == "as_csv") {
            const auto as_csv = parse_flag(name, value);
            if (!as_csv)
                return as_csv.error();
            query.format = *as_csv ? batch::Format::csv : batch::Format::json;
        } else if (name == "format") {
            return bad_request("The format '" + value + "' is not one of json, csv.");
        } else {
            return bad_request("The parameter '" + name + "' is unknown. There are: from, to, format, as_csv.");
        }
    }
    return query;
}

} // namespace

void HistoryRoutes::add_to(Router& router)
{
    using Member = awaitable<Result<Response>> (HistoryRoutes::*)(Request&, Identity, std::string);
    const auto add = [&](std::string_view pattern, Member member, ReadsQuery reads) {
        const auto handler = [this, member](Request& request, Identity identity, PathParameters parameters) {
            return (this->*member)(request, std::move(identity), std::move(parameters[0]));
        };
        router.add("GET", pattern, identified(credentials_, handler), reads);
    };
    add("/v1/batches/{batch_id}/snapshots", &HistoryRoutes::snapshots, ReadsQuery::no);
    add("/v1/batches/{batch_id}/diff", &HistoryRoutes::diff, ReadsQuery::yes);
}

awaitable<Result<Response>> HistoryRoutes::snapshots(Request&, Identity identity, std::string batch_id)
{
    auto newest = co_await batches_.stored(std::move(identity), std::move(batch_id));
    if (!newest)
        co_return newest.error();
    auto read = [key = newest->key](cache::Store& store) { return store.history(key); };
    auto history = co_await store_.read(read);
    if (!history)
        co_return history.error();
    json::array snapshots;
    for (const auto& entry : *history)
        snapshots.push_back(summary_of(entry));
    co_return uncached({{"snapshots", std::move(snapshots)}});
}

awaitable<Result<Response>> HistoryRoutes::diff(Request& request, Identity identity, std::string batch_id)
{
    auto query = parse_diff_query(request);
    if (!query)
        co_return query.error();
    Range range{query->from, query->to};
    auto found = co_await compare(std::move(identity), std::move(batch_id), range);
    if (!found)
        co_return found.error();
    auto response = query->format == batch::Format::csv
                        ? uncached(std::string(batch::media_type(batch::Format::csv)), to_csv(*found))
                        : uncached(to_json(*found));
    response.fields.add("Vary", "Accept");
    co_return response;
}

// Without `to`: the newest state; without `from`: the one before it.
awaitable<Result<BatchDifference>> HistoryRoutes::compare(Identity identity, std::string batch_id, Range range)
{
    auto newest = co_await batches_.stored(std::move(identity), std::move(batch_id));
    if (!newest)
        co_return newest.error();
    auto to = newest;
    if (range.to)
        to = co_await batches_.find_as_of(newest->key, *range.to);
    if (!to)
        co_return to.error();
    if (!range.from) {
        auto earlier = co_await before(*to);
        if (!earlier)
            co_return earlier.error();
        range.from = *earlier;
    }
    auto from = to;
    if (range.from)
        from = co_await batches_.find_as_of(newest->key, *range.from);
    if (!from)
        co_return from.error();
    auto work = [from = *from, to = *to](cache::Store& store) { return difference(store, from, to); };
    co_return co_await store_.read(std::move(work));
}

awaitable<Result<std::optional<cache::AsOf>>> HistoryRoutes::before(cache::Snapshot snapshot)
{
    auto read = [key = snapshot.key](cache::Store& store) { return store.history(key); };
    auto history = co_await store_.read(read);
    if (!history)
        co_return history.error();
    std::optional<cache::AsOf> earlier;
    for (auto entry = history->rbegin(); entry != history->rend() && entry->id < snapshot.id; ++entry)
        earlier = cache::AsOf{.snapshot = entry->id, .time = {}};
    co_return earlier;
}

} // namespace nomadic::proxy
