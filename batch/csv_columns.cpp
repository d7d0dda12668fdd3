#include "batch/csv_columns.hpp"

#include "batch/json/scan.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nomadic::batch::csv {

using json::Kind;
using json::Value;

void append_text(const Value& value, std::string& out)
{
    switch (value.kind()) {
    case Kind::null:
        return;
    case Kind::array:
    case Kind::object:
        return json::write(value, out);
    case Kind::real:
        if (!json::is_python_repr(value.text()) && !std::isfinite(python::to_float(value).value_or(HUGE_VAL)))
            return;
        [[fallthrough]];
    case Kind::boolean:
    case Kind::integer:
    case Kind::string:
        return python::str(value, out);
    }
}

Value or_else(const Value& value, const Value& otherwise)
{
    return python::truth(value) ? value : otherwise;
}

bool has_own_query(const Value& result)
{
    return python::truth(result.get("query"));
}

namespace {

// Quotes the field that begins at `start` when it holds a comma, a quote, CR or LF.
void quote_field(std::string& out, std::size_t start)
{
    const auto field = std::string_view(out).substr(start);
    if (!json::has_any_of<',', '"', '\r', '\n'>(field))
        return;
    const auto quotes = static_cast<std::size_t>(std::count(field.begin(), field.end(), '"'));
    out.insert(start, 1, '"');
    out.resize(out.size() + quotes);
    // From its end, each character moves to where it belongs: nothing is overwritten that has not been moved.
    for (auto to = out.size(), from = to - quotes; from != to;) {
        out[--to] = out[--from];
        if (out[from] == '"')
            out[--to] = '"';
    }
    out += '"';
}

void append_field(const Value& value, std::string& out)
{
    if (value.is_string() && value.plain()) {
        // What JSON writes without escapes holds neither quotes nor ends of lines.
        const bool quoted = value.text().find(',') != std::string_view::npos;
        if (quoted)
            out += '"';
        out += value.text();
        if (quoted)
            out += '"';
        return;
    }
    const auto start = out.size();
    append_text(value, out);
    if (!value.is_number())
        quote_field(out, start);
}

Value text(std::string_view text)
{
    return Value::string(text, false);
}

void append_timestamp(const Row& row, std::string& out)
{
    const auto field = out.size();
    const auto start = row.view.start();
    const auto end = row.view.end();
    append_text(start, out);
    if (!end.is_null() && !python::equal(start, end)) {
        if (!start.is_null())
            out += '-';
        append_text(end, out);
    }
    quote_field(out, field);
}

constexpr std::array table{
    Column{"Query",
           [](const Row& row, std::string& out) {
               append_field(or_else(row.result.get("query"), text(row.batch_query)), out);
           },
           Of::video_or_batch},
    Column{"Video",
           [](const Row& row, std::string& out) {
               append_field(or_else(row.result.get("video_name"), row.result.get("video_id")), out);
           },
           Of::video},
    Column{"Video Name",
           [](const Row& row, std::string& out) {
               append_field(or_else(row.result.get("video_name"), row.result.get("video_id")), out);
           },
           Of::video},
    Column{"Approval Status",
           [](const Row& row, std::string& out) {
               append_field(or_else(row.view.own("approval"), text("pending")), out);
           }},
    Column{"Timestamp", append_timestamp},
    Column{"unix_timestamp_start", [](const Row& row, std::string& out) { append_field(row.view.unix_start(), out); }},
    Column{"unix_timestamp_end", [](const Row& row, std::string& out) { append_field(row.view.unix_end(), out); }},
    Column{"Category", [](const Row& row, std::string& out) { append_field(row.view.category(), out); }},
    Column{"Label", [](const Row& row, std::string& out) { append_field(row.view.label(), out); }},
    Column{"AI Analysis", [](const Row& row, std::string& out) { append_field(row.view.ai_analysis(), out); }},
    Column{"Severity", [](const Row& row, std::string& out) { append_field(row.view.own("severity"), out); }},
    Column{"Video ID", [](const Row& row, std::string& out) { append_field(row.result.get("video_id"), out); },
           Of::video},
    Column{"Analysis ID", [](const Row& row, std::string& out) { append_field(row.result.get("analysis_id"), out); },
           Of::video},
    Column{"Event ID", [](const Row& row, std::string& out) { append_field(row.view.event_id(), out); }},
    Column{"Batch ID", [](const Row& row, std::string& out) { append_field(text(row.batch_id), out); }, Of::batch},
    Column{"Batch Viewer URL", [](const Row& row, std::string& out) { append_field(text(row.batch_viewer_url), out); },
           Of::batch},
    Column{"Status", [](const Row& row, std::string& out) { append_field(row.result.get("status"), out); }, Of::video},
    Column{"Confidence", [](const Row& row, std::string& out) { append_field(row.view.own("confidence"), out); }},
    Column{"Annotated Thumbnail URL",
           [](const Row& row, std::string& out) { append_field(row.view.own("annotated_thumbnail_url"), out); }},
    Column{"Import Source URI",
           [](const Row& row, std::string& out) { append_field(row.result.get("import_source_uri"), out); }, Of::video},
    Column{"Summary", [](const Row& row, std::string& out) { append_field(row.result.get("summary"), out); },
           Of::video},
};
static_assert(table.size() == column_count);

} // namespace

std::span<const Column, column_count> columns()
{
    return table;
}

} // namespace nomadic::batch::csv
