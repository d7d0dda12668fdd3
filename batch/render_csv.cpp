#include "batch/csv_columns.hpp"
#include "batch/json/read.hpp"
#include "batch/lengths.hpp"
#include "batch/record.hpp"
#include "batch/renderers.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

using csv::Column;
using csv::Of;
using csv::Row;
using json::Value;

const Column* find_column(std::string_view name)
{
    const auto columns = csv::columns();
    const auto found =
        std::find_if(columns.begin(), columns.end(), [name](const Column& column) { return column.name == name; });
    return found == columns.end() ? nullptr : &*found;
}

std::size_t place_of(const Column* column)
{
    return static_cast<std::size_t>(column - csv::columns().data());
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
    for (const auto& column : csv::columns())
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
        csv::append_text(document.get("batch_id"), batch_id_);
        csv::append_text(document.get("batch_viewer_url"), batch_viewer_url_);
        csv::append_text(csv::or_else(document.get("prompt"), csv::or_else(document.get("query"), {})), batch_query_);
        if (representation.needs_source(status))
            older_rules_ = status;
        std::copy_if(columns_.begin(), columns_.end(), std::back_inserter(of_event_),
                     [](const Column* column) { return column->of == Of::event; });
        of_video_.resize(of_event_.size() + 1);
        measure_batch();
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

    // A row of a single column is longer where it would be empty, and older rules may see other events.
    std::optional<std::uint64_t> measure(const RecordLengths& lengths) override
    {
        if (older_rules_ || columns_.size() == 1 || !selection_.narrowing.empty())
            return std::nullopt;
        const auto wanted = wanted_of(lengths, selection_);
        std::uint64_t bytes = 0;
        for (const auto* column : of_event_)
            bytes += wanted.fields[place_of(column)];
        events_ += wanted.count;
        return bytes + wanted.count * length_of_video(lengths);
    }

private:
    // Of what stands in every row of the video.
    std::uint64_t length_of_video(const RecordLengths& lengths) const
    {
        std::uint64_t length = columns_.size() - 1 + 2; // commas, CR and LF
        for (const auto* column : columns_)
            if (column->of == Of::video || (column->of == Of::video_or_batch && lengths.own_query))
                length += lengths.fields[place_of(column)];
            else if (column->of != Of::event)
                length += of_batch_[place_of(column)];
        return length;
    }

    void measure_batch()
    {
        const Value none;
        const EventView no_event(none);
        for (const auto* column : columns_) {
            if (column->of != Of::batch && column->of != Of::video_or_batch)
                continue;
            std::string field;
            column->append({batch_query_, batch_id_, batch_viewer_url_, none, no_event}, field);
            of_batch_[place_of(column)] = field.size();
        }
    }

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
        const EventView no_event(none);
        const Row values{batch_query_, batch_id_, batch_viewer_url_, result, no_event};
        std::size_t place = 0;
        of_video_[place].clear();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            of_video_[place] += i == 0 ? "" : ",";
            if (columns_[i]->of != Of::event)
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
            const EventView view(*event);
            row({batch_query_, batch_id_, batch_viewer_url_, *result, view}, out);
            ++events_;
        });
    }

    Selection selection_;
    std::vector<const Column*> columns_;
    std::string batch_id_, batch_viewer_url_, batch_query_;
    std::optional<StatusDocument> older_rules_; // set when records have to be made again by the older client's rules
    std::vector<const Column*> of_event_;
    std::vector<std::string> of_video_; // what stands in every row of the video before, between and after those
    RecordLengths::Fields of_batch_{};  // how long the batch's own fields are
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
            for (const auto& column : csv::columns())
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
