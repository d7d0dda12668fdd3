#include "proxy/routes/batches.hpp"

#include "proxy/http/url.hpp"
#include "proxy/routes/batch_summary.hpp"
#include "proxy/routes/difference.hpp"
#include "proxy/routes/identified.hpp"
#include "proxy/routes/uncached.hpp"
#include "proxy/service/thumbnail_summary.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace nomadic::proxy {

namespace {

namespace json = boost::json;

constexpr std::size_t default_page = 100, largest_page = 1000;

struct Page {
    std::size_t limit = default_page;
    std::string cursor;
};

Result<Page> parse_page(const Request& request)
{
    auto parameters = parse_query(request.query);
    if (!parameters)
        return parameters.error();
    if (auto once = refuse_repeats(*parameters); !once)
        return once.error();
    Page page;
    for (const auto& [name, value] : *parameters) {
        if (name == "cursor") {
            page.cursor = value;
        } else if (name == "limit") {
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), page.limit);
            if (error != std::errc{} || end != value.data() + value.size() || page.limit < 1 ||
                page.limit > largest_page)
                return bad_request("The parameter limit is '" + value + "', but must be a number from 1 to 1000.");
        } else {
            return bad_request("The parameter '" + name + "' is unknown. There are: limit, cursor.");
        }
    }
    return page;
}

} // namespace

void BatchesRoutes::add_to(Router& router)
{
    const auto list_all = [this](Request& request, Identity identity, const PathParameters&) {
        return list(request, std::move(identity));
    };
    router.add("GET", "/v1/batches", identified(credentials_, list_all));
    using Member = Outcome (BatchesRoutes::*)(Request&, Identity, std::string);
    const auto add = [&](std::string_view method, std::string_view pattern, Member member) {
        const auto handler = [this, member](Request& request, Identity identity, PathParameters parameters) {
            return (this->*member)(request, std::move(identity), std::move(parameters[0]));
        };
        router.add(method, pattern, identified(credentials_, handler), ReadsQuery::no);
    };
    add("GET", "/v1/batches/{batch_id}", &BatchesRoutes::show);
    add("DELETE", "/v1/batches/{batch_id}", &BatchesRoutes::purge);
    add("PUT", "/v1/batches/{batch_id}/pin", &BatchesRoutes::pin);
    add("DELETE", "/v1/batches/{batch_id}/pin", &BatchesRoutes::pin);
    add("POST", "/v1/batches/{batch_id}/refresh", &BatchesRoutes::refresh);
}

BatchesRoutes::Outcome BatchesRoutes::list(Request& request, Identity identity)
{
    auto page = parse_page(request);
    if (!page)
        co_return page.error();
    json::array batches;
    // No scope at all would mean every scope to the store, and nobody's to us.
    if (identity.scopes.empty())
        co_return uncached({{"batches", std::move(batches)}, {"next_cursor", nullptr}});
    auto work = [scopes = identity.scopes, page = *page](cache::Store& store) {
        return store.list(scopes, page.cursor, page.limit);
    };
    auto listed = co_await store_.read(std::move(work));
    if (!listed)
        co_return listed.error();
    for (const auto& snapshot : *listed)
        batches.push_back(summary_of(snapshot, batches_.freshness_of(snapshot)));
    const bool more = listed->size() == page->limit;
    json::value next = more ? json::value(listed->back().key.batch_id) : json::value();
    co_return uncached({{"batches", std::move(batches)}, {"next_cursor", std::move(next)}});
}

BatchesRoutes::Outcome BatchesRoutes::show(Request&, Identity identity, std::string batch_id)
{
    auto snapshot = co_await batches_.stored(std::move(identity), std::move(batch_id));
    if (!snapshot)
        co_return snapshot.error();
    auto summary = summary_of(*snapshot, batches_.freshness_of(*snapshot));
    auto look = [shown = *snapshot, now = clock_.now()](cache::Store& store) {
        return summarise_thumbnails(store, shown, now);
    };
    auto thumbnails = co_await store_.read(std::move(look));
    if (!thumbnails)
        co_return thumbnails.error();
    summary["thumbnails"] = summary_of(*thumbnails);
    co_return uncached(summary);
}

BatchesRoutes::Outcome BatchesRoutes::refresh(Request& request, Identity identity, std::string batch_id)
{
    auto before = co_await batches_.stored(identity, batch_id);
    Want want{.identity = std::move(identity), .batch_id = std::move(batch_id), .request_id = request.request_id};
    auto answer = co_await batches_.refresh(std::move(want));
    if (!answer)
        co_return answer.error();
    auto summary = summary_of(answer->snapshot, batches_.freshness_of(answer->snapshot));
    const bool changed = !before || before->digest != answer->snapshot.digest;
    summary["changed"] = changed;
    if (before && changed && !answer->held) {
        auto compare = [from = *before, to = answer->snapshot](cache::Store& store) {
            return difference(store, from, to);
        };
        auto diff = co_await store_.read(std::move(compare));
        if (diff)
            summary["diff"] = to_json(*diff);
    }
    co_return uncached(summary);
}

// PUT pins, DELETE lets go.
BatchesRoutes::Outcome BatchesRoutes::pin(Request& request, Identity identity, std::string batch_id)
{
    auto snapshot = co_await batches_.stored(std::move(identity), batch_id);
    if (!snapshot)
        co_return snapshot.error();
    const bool pinned = request.method == "PUT";
    auto done = co_await batches_.pin(snapshot->key, pinned);
    if (!done)
        co_return done.error();
    co_return uncached({{"batch_id", std::move(batch_id)}, {"pinned", pinned}});
}

BatchesRoutes::Outcome BatchesRoutes::purge(Request&, Identity identity, std::string batch_id)
{
    auto snapshot = co_await batches_.stored(std::move(identity), batch_id);
    if (!snapshot)
        co_return snapshot.error();
    auto purged = co_await batches_.purge(snapshot->key);
    if (!purged)
        co_return purged.error();
    co_return uncached({{"batch_id", std::move(batch_id)}, {"removed", *purged}});
}

} // namespace nomadic::proxy
