#include "batch/csv_columns.hpp"

#include "batch/json/scan.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

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

// What the field says, where the value has that as it stands. What JSON writes without escapes holds neither quotes nor
// ends of lines.
std::optional<std::string_view> own_text(const Value& value)
{
    const bool has_it = value.is_string()            ? value.plain()
                        : value.kind() == Kind::real ? json::is_python_repr(value.text())
                                                     : value.kind() == Kind::integer;
    if (!has_it && !value.is_null())
        return std::nullopt;
    return has_it ? value.text() : std::string_view{};
}

bool is_quoted(std::string_view own_text)
{
    return own_text.find(',') != std::string_view::npos;
}

void append_field(const Value& value, std::string& out)
{
    if (const auto text = own_text(value)) {
        const bool quoted = is_quoted(*text);
        if (quoted)
            out += '"';
        out += *text;
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
    const auto start = row.event.start();
    const auto end = row.event.end();
    append_text(start, out);
    if (!end.is_null() && !python::equal(start, end)) {
        if (!start.is_null())
            out += '-';
        append_text(end, out);
    }
    quote_field(out, field);
}

constexpr std::array table{
    Column{"Query", [](const Row& row) { return or_else(row.result.get("query"), text(row.batch_query)); },
           Of::video_or_batch},
    Column{"Video", [](const Row& row) { return or_else(row.result.get("video_name"), row.result.get("video_id")); },
           Of::video},
    Column{"Video Name",
           [](const Row& row) { return or_else(row.result.get("video_name"), row.result.get("video_id")); }, Of::video},
    Column{"Approval Status", [](const Row& row) { return or_else(row.event.own("approval"), text("pending")); }},
    Column{"Timestamp", nullptr},
    Column{"unix_timestamp_start", [](const Row& row) { return row.event.unix_start(); }},
    Column{"unix_timestamp_end", [](const Row& row) { return row.event.unix_end(); }},
    Column{"Category", [](const Row& row) { return row.event.category(); }},
    Column{"Label", [](const Row& row) { return row.event.label(); }},
    Column{"AI Analysis", [](const Row& row) { return row.event.ai_analysis(); }},
    Column{"Severity", [](const Row& row) { return row.event.own("severity"); }},
    Column{"Video ID", [](const Row& row) { return row.result.get("video_id"); }, Of::video},
    Column{"Analysis ID", [](const Row& row) { return row.result.get("analysis_id"); }, Of::video},
    Column{"Event ID", [](const Row& row) { return row.event.event_id(); }},
    Column{"Batch ID", [](const Row& row) { return text(row.batch_id); }, Of::batch},
    Column{"Batch Viewer URL", [](const Row& row) { return text(row.batch_viewer_url); }, Of::batch},
    Column{"Status", [](const Row& row) { return row.result.get("status"); }, Of::video},
    Column{"Confidence", [](const Row& row) { return row.event.own("confidence"); }},
    Column{"Annotated Thumbnail URL", [](const Row& row) { return row.event.own("annotated_thumbnail_url"); }},
    Column{"Import Source URI", [](const Row& row) { return row.result.get("import_source_uri"); }, Of::video},
    Column{"Summary", [](const Row& row) { return row.result.get("summary"); }, Of::video},
};
static_assert(table.size() == column_count);

} // namespace

void Column::append(const Row& row, std::string& out) const
{
    if (value == nullptr)
        append_timestamp(row, out);
    else
        append_field(value(row), out);
}

std::size_t Column::length(const Row& row, std::string& scratch) const
{
    scratch.clear();
    if (value == nullptr) {
        append_timestamp(row, scratch);
        return scratch.size();
    }
    const auto only = value(row);
    if (const auto text = own_text(only))
        return text->size() + (is_quoted(*text) ? 2 : 0);
    append_field(only, scratch);
    return scratch.size();
}

std::span<const Column, column_count> columns()
{
    return table;
}

} // namespace nomadic::batch::csv
