#include "proxy/routes/analysis_query.hpp"

#include "proxy/http/field_list.hpp"
#include "proxy/http/rfc3339.hpp"
#include "proxy/http/url.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace nomadic::proxy {

namespace {

Result<batch::Format> parse_format(std::string_view value)
{
    if (value == "json")
        return batch::Format::json;
    if (value == "csv")
        return batch::Format::csv;
    if (value == "ndjson")
        return batch::Format::ndjson;
    if (value == "geojson")
        return batch::Format::geojson;
    return bad_request("The format '" + std::string(value) + "' is not one of json, csv, ndjson, geojson.");
}

struct Wish {
    std::string_view type;
    double quality = 1;
};

Wish wish_of(std::string_view element)
{
    Wish wish{.type = trim(element.substr(0, element.find(';')))};
    for_each_element(
        element.substr(std::min(element.find(';'), element.size())),
        [&](std::string_view parameter) {
            if (parameter.starts_with("q=") || parameter.starts_with("Q="))
                std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), wish.quality);
        },
        ';');
    return wish;
}

std::optional<batch::Format> format_of(std::string_view media_type)
{
    const auto is = [media_type](std::string_view name) { return beast::iequals(media_type, name); };
    if (is("text/csv") || is("text/*"))
        return batch::Format::csv;
    if (is("application/x-ndjson"))
        return batch::Format::ndjson;
    if (is("application/geo+json"))
        return batch::Format::geojson;
    if (is("application/json") || is("application/*") || is("*/*"))
        return batch::Format::json;
    return std::nullopt;
}

Result<double> parse_confidence(std::string_view value)
{
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || !std::isfinite(number))
        return bad_request("The parameter min_confidence is '" + std::string(value) +
                           "', but must be a number such as 0.8.");
    return number;
}

// Collects parameter by parameter; what only shows in the end is checked by finish().
class QueryReader {
public:
    Result<void> take(const std::string& name, const std::string& value)
    {
        auto& narrowing = query_.representation.selection.narrowing;
        if (name == "filter")
            return filters_.push_back(value), Result<void>{};
        if (name == "category")
            return narrowing.category.push_back(value), Result<void>{};
        if (name == "severity")
            return narrowing.severity.push_back(value), Result<void>{};
        if (name == "label")
            return narrowing.label.push_back(value), Result<void>{};
        if (name == "video_id")
            return narrowing.video_id.push_back(value), Result<void>{};
        if (name == "q")
            return narrowing.q.push_back(value), Result<void>{};
        if (name == "min_confidence")
            return take_confidence(value);
        if (name == "as_csv")
            return assign(parse_flag(name, value), as_csv_);
        if (name == "allow_partial")
            return assign(parse_flag(name, value), allow_partial_);
        if (name == "format")
            return assign(parse_format(value), format_);
        if (name == "columns")
            return assign(batch::parse_columns(value), columns_);
        if (name == "thumbnails")
            return take_thumbnails(value);
        if (name == "as_of")
            return assign(parse_as_of(value), query_.as_of);
        return bad_request("The parameter '" + name +
                           "' is unknown. There are: filter, as_csv, format, columns, category, "
                           "severity, label, video_id, min_confidence, q, as_of, allow_partial, thumbnails.");
    }

    Result<AnalysisQuery> finish(const Fields& fields)
    {
        auto& representation = query_.representation;
        if (as_csv_.value_or(false) && format_.value_or(batch::Format::csv) != batch::Format::csv)
            return bad_request("as_csv=true and another format contradict each other. Leave one of them out.");
        representation.format = as_csv_.value_or(false) ? batch::Format::csv
                                : format_               ? *format_
                                : as_csv_               ? batch::Format::json
                                                        : negotiate_format(fields);
        if (columns_ && representation.format != batch::Format::csv)
            return bad_request("The parameter columns is for CSV only. Add format=csv, or leave it out.");
        if (columns_)
            representation.columns = *columns_;
        if (!filters_.empty()) {
            auto approvals = batch::parse_approvals(filters_);
            if (!approvals)
                return approvals.error();
            representation.selection.approvals = *approvals;
        }
        // Every event holds the empty text.
        if (auto& q = representation.selection.narrowing.q; std::find(q.begin(), q.end(), "") != q.end())
            q.clear();
        query_.allow_partial = allow_partial_.value_or(false);
        return std::move(query_);
    }

private:
    // Of several, an event has to reach one: the least.
    Result<void> take_confidence(std::string_view value)
    {
        auto least = parse_confidence(value);
        if (!least)
            return least.error();
        auto& narrowing = query_.representation.selection.narrowing;
        narrowing.min_confidence = std::min(*least, narrowing.min_confidence.value_or(*least));
        return {};
    }

    Result<void> take_thumbnails(std::string_view value)
    {
        query_.local_thumbnails = value == "local";
        if (value == "local" || value == "upstream")
            return {};
        return bad_request("The parameter thumbnails is '" + std::string(value) + "', but must be local or upstream.");
    }

    template <class T>
    static Result<void> assign(Result<T> parsed, std::optional<T>& out)
    {
        if (!parsed)
            return parsed.error();
        out = std::move(*parsed);
        return {};
    }

    AnalysisQuery query_;
    std::vector<std::string> filters_;
    std::optional<bool> as_csv_, allow_partial_;
    std::optional<batch::Format> format_;
    std::optional<batch::CsvColumns> columns_;
};

} // namespace

Result<bool> parse_flag(std::string_view name, std::string_view value)
{
    if (value == "true" || value == "1")
        return true;
    if (value == "false" || value == "0")
        return false;
    return bad_request("The parameter " + std::string(name) + " is '" + std::string(value) +
                       "', but must be true or false.");
}

batch::Format negotiate_format(const Fields& fields)
{
    auto best = batch::Format::json;
    double best_quality = 0;
    const auto accept = fields.joined("Accept");
    for_each_element(accept, [&](std::string_view element) {
        const auto wish = wish_of(element);
        const auto format = format_of(wish.type);
        if (!format || wish.quality <= best_quality)
            return;
        best = *format;
        best_quality = wish.quality;
    });
    return best;
}

Result<cache::AsOf> parse_as_of(std::string_view text)
{
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error == std::errc{} && end == text.data() + text.size() && id > 0)
        return cache::AsOf{.snapshot = id, .time = {}};
    if (const auto time = parse_rfc3339(text))
        return cache::AsOf{.snapshot = {}, .time = *time};
    return bad_request("'" + std::string(text) +
                       "' is no state of a batch: as_of, from and to take a snapshot's id or a time such "
                       "as 2026-01-31T12:00:00Z.");
}

Result<AnalysisQuery> parse_analysis_query(const Request& request)
{
    auto parameters = parse_query(request.query);
    if (!parameters)
        return parameters.error();
    if (auto once =
            refuse_repeats(*parameters, {"filter", "category", "severity", "label", "video_id", "min_confidence", "q"});
        !once)
        return once.error();
    QueryReader reader;
    for (const auto& [name, value] : *parameters)
        if (auto taken = reader.take(name, value); !taken)
            return taken.error();
    return reader.finish(request.fields);
}

} // namespace nomadic::proxy
