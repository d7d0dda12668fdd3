#include "batch/event_view.hpp"
#include "batch/json/read.hpp"
#include "batch/json/scan.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"
#include "batch/record.hpp"
#include "batch/renderers.hpp"

#include <array>
#include <cmath>
#include <unordered_map>

namespace nomadic::batch {

namespace {

using json::Kind;
using json::Value;

// What a row is made from.
struct Row {
    std::string_view batch_query, batch_id, batch_viewer_url;
    const Value& result;
    const Value& event;
    EventView view;
};

// A field as Python's csv module writes a value; nested objects as JSON, null and what is not finite as nothing.
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

Value or_else(const Value& value, const Value& otherwise)
{
    return python::truth(value) ? value : otherwise;
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

using Append = void (*)(const Row& row, std::string& out); // a field of the row
// Of what a column speaks: what is the same for all events of a video is written once a video.
enum class Of { event, video };
struct Column {
    std::string_view name;
    Append append;
    Of of = Of::event;
};

constexpr std::array columns{
    Column{"Query",
           [](const Row& row, std::string& out) {
               append_field(or_else(row.result.get("query"), text(row.batch_query)), out);
           },
           Of::video},
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
    Column{"Batch ID", [](const Row& row, std::string& out) { append_field(text(row.batch_id), out); }, Of::video},
    Column{"Batch Viewer URL", [](const Row& row, std::string& out) { append_field(text(row.batch_viewer_url), out); },
           Of::video},
    Column{"Status", [](const Row& row, std::string& out) { append_field(row.result.get("status"), out); }, Of::video},
    Column{"Confidence", [](const Row& row, std::string& out) { append_field(row.view.own("confidence"), out); }},
    Column{"Annotated Thumbnail URL",
           [](const Row& row, std::string& out) { append_field(row.view.own("annotated_thumbnail_url"), out); }},
    Column{"Import Source URI",
           [](const Row& row, std::string& out) { append_field(row.result.get("import_source_uri"), out); }, Of::video},
    Column{"Summary", [](const Row& row, std::string& out) { append_field(row.result.get("summary"), out); },
           Of::video},
};

const Column* find_column(std::string_view name)
{
    const auto* const found =
        std::find_if(columns.begin(), columns.end(), [name](const Column& column) { return column.name == name; });
    return found == columns.end() ? nullptr : found;
}

bool in_profile(CsvProfile profile, std::string_view name)
{
    if (profile == CsvProfile::docs)
        return name != "Video Name" && name != "Event ID" && !name.starts_with("unix_timestamp");
    return name != "Video" && (name != "Event ID" || profile == CsvProfile::sdk_0_1_64);
}

std::vector<const Column*> chosen(const CsvColumns& wanted)
{
    std::vector<const Column*> list;
    if (wanted.profile == CsvProfile::custom) {
        for (const auto& name : wanted.names)
            list.push_back(find_column(name));
        return list;
    }
    for (const auto& column : columns)
        if (in_profile(wanted.profile, column.name))
            list.push_back(&column);
    return list;
}

class CsvRenderer final : public Renderer {
public:
    CsvRenderer(const StatusDocument& status, const Representation& representation)
        : selection_(representation.selection), columns_(chosen(representation.columns))
    {
        json::Arena arena;
        const std::string text = render_metadata(status, representation.dashboard_url);
        const auto metadata = json::read(text, arena);
        const auto document = metadata ? *metadata : Value{};
        append_text(document.get("batch_id"), batch_id_);
        append_text(document.get("batch_viewer_url"), batch_viewer_url_);
        append_text(or_else(document.get("prompt"), or_else(document.get("query"), {})), batch_query_);
        if (representation.needs_source(status))
            older_rules_ = status;
        std::copy_if(columns_.begin(), columns_.end(), std::back_inserter(of_event_),
                     [](const Column* column) { return column->of == Of::event; });
        of_video_.resize(of_event_.size() + 1);
    }

    void begin(std::string& out) override
    {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            out += i == 0 ? "" : ",";
            out += columns_[i]->name;
        }
        out += "\r\n";
    }

    void video(const VideoRecord& record, std::string& out) override
    {
        arena_.reset();
        if (!older_rules_ || record.source.empty())
            return rows(record, out);
        const auto item = json::read(record.source, arena_);
        const auto& pointers = older_rules_->videos;
        const auto pointer = std::find_if(pointers.begin(), pointers.end(), [&](const VideoPointer& candidate) {
            return candidate.video_id == record.video_id;
        });
        if (item && pointer != pointers.end())
            rows(make_record(*older_rules_, *pointer, *item, {}, ClientRules::sdk_0_1_53, arena_), out);
    }

    void end(std::string&) override {}
    std::uint64_t events() const override { return events_; }

private:
    void row(const Row& values, std::string& out) const
    {
        const auto start = out.size();
        for (std::size_t i = 0; i < of_event_.size(); ++i) {
            out += of_video_[i];
            of_event_[i]->append(values, out);
        }
        out += of_video_.back();
        if (out.size() == start)
            out += R"("")"; // Python's csv module does the same: a line without anything would be no row
        out += "\r\n";
    }

    void write_of_video(const Value& result)
    {
        const Value none;
        const Row values{batch_query_, batch_id_, batch_viewer_url_, result, none, EventView(none)};
        std::size_t place = 0;
        of_video_[place].clear();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            of_video_[place] += i == 0 ? "" : ",";
            if (columns_[i]->of == Of::video)
                columns_[i]->append(values, of_video_[place]);
            else
                of_video_[++place].clear();
        }
    }

    void rows(const VideoRecord& record, std::string& out)
    {
        const std::string text = record.head + record.tail;
        const auto result = json::read(text, arena_);
        if (!result)
            return;
        write_of_video(*result);
        for_each_wanted(record, selection_, [&](std::string_view event_json) {
            event_arena_.reset();
            const auto event = json::read(event_json, event_arena_);
            if (!event)
                return;
            row({batch_query_, batch_id_, batch_viewer_url_, *result, *event, EventView(*event)}, out);
            ++events_;
        });
    }

    Selection selection_;
    std::vector<const Column*> columns_;
    std::string batch_id_, batch_viewer_url_, batch_query_;
    std::optional<StatusDocument> older_rules_; // set when records have to be made again by the older client's rules
    std::vector<const Column*> of_event_;
    std::vector<std::string> of_video_; // what stands in every row of the video before, between and after those
    json::Arena arena_, event_arena_;
    std::uint64_t events_ = 0;
};

} // namespace

std::unique_ptr<Renderer> make_csv_renderer(const StatusDocument& status, const Representation& representation)
{
    return std::make_unique<CsvRenderer>(status, representation);
}

Result<CsvColumns> parse_columns(std::string_view text)
{
    if (text == "docs")
        return CsvColumns{CsvProfile::docs, {}};
    if (text == "sdk-0.1.53")
        return CsvColumns{CsvProfile::sdk_0_1_53, {}};
    if (text == "sdk-0.1.64")
        return CsvColumns{CsvProfile::sdk_0_1_64, {}};
    CsvColumns wanted{CsvProfile::custom, {}};
    for (;;) {
        const auto comma = text.find(',');
        const auto name = text.substr(0, comma);
        if (find_column(name) == nullptr) {
            Failure failure{.code = Errc::bad_request,
                            .detail = "'" + std::string(name) +
                                      "' is not a column. Use docs, sdk-0.1.53, sdk-0.1.64, or names out of 'allowed'.",
                            .members = {{"value", name}}};
            auto& allowed = failure.members["allowed"].emplace_array();
            for (const auto& column : columns)
                allowed.emplace_back(column.name);
            return failure;
        }
        wanted.names.emplace_back(name);
        if (comma == std::string_view::npos)
            return wanted;
        text.remove_prefix(comma + 1);
    }
}

} // namespace nomadic::batch
