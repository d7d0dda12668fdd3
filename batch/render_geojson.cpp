#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"
#include "batch/renderers.hpp"

namespace nomadic::batch {

namespace {

using json::Value;

struct Position {
    double longitude, latitude;
    friend bool operator==(const Position&, const Position&) = default;
};

std::optional<Position> position(const Value& overlay, std::string_view end)
{
    const auto latitude = python::to_float(overlay.get("frame_gps_lat").get(end));
    const auto longitude = python::to_float(overlay.get("frame_gps_lon").get(end));
    if (!latitude || !longitude)
        return std::nullopt;
    return Position{*longitude, *latitude};
}

// "SS", "MM:SS" or "HH:MM:SS"; 0 for what is none of them.
double seconds_of(const Value& timestamp)
{
    const auto text = timestamp.is_null() ? std::string{} : python::str(timestamp);
    double seconds = 0;
    std::string_view rest = text;
    while (true) {
        const auto colon = rest.find(':');
        const auto part = python::to_float(rest.substr(0, colon));
        if (!part)
            return 0;
        seconds = seconds * 60 + *part;
        if (colon == std::string_view::npos)
            return seconds;
        rest.remove_prefix(colon + 1);
    }
}

void write_number(double number, std::string& out)
{
    json::Arena arena;
    json::write(Value::real(number, arena), out);
}

void write_position(const Position& at, std::string& out)
{
    out += '[';
    write_number(at.longitude, out);
    out += ',';
    write_number(at.latitude, out);
    out += ']';
}

Value or_empty(const Value& value)
{
    return python::truth(value) ? value : Value::string("", true);
}

// What the newest client's geovisualizer returns: a Point where an event with a GPS overlay starts, and a LineString to
// where it ends if that is elsewhere.
class GeojsonRenderer final : public Renderer {
public:
    GeojsonRenderer(const StatusDocument& status, const Representation& representation)
        : selection_(representation.selection), metadata_(render_metadata(status, representation.dashboard_url))
    {
        json::write_string(status.batch_id, batch_id_);
    }

    void begin(std::string& out) override
    {
        json::Arena arena;
        const auto metadata = json::read(metadata_, arena);
        out += "{\"type\":\"FeatureCollection\",\"batch_id\":" + batch_id_ + ",\"batch_viewer_url\":";
        json::write(metadata ? metadata->get("batch_viewer_url") : Value{}, out);
        out += ",\"features\":[";
    }

    void video(const VideoRecord& record, std::string& out) override
    {
        json::Arena arena;
        const std::string text = record.head + record.tail;
        const auto result = json::read(text, arena);
        const auto analysis_id = result ? result->get("analysis_id") : Value{};
        std::size_t index = 0;
        for_each_wanted(record, selection_, [&](std::string_view event_text) {
            json::Arena event_arena;
            if (const auto event = json::read(event_text, event_arena))
                add(record.video_id, analysis_id, *event, index, out);
            ++index;
        });
    }

    void end(std::string& out) override { out += "]}"; }
    std::uint64_t events() const override { return events_; }

private:
    void add(const std::string& video_id, const Value& analysis_id, const Value& event, std::size_t index,
             std::string& out)
    {
        const auto overlay = event.get("overlay");
        const auto start = position(overlay, "start");
        if (!start)
            return;
        ++events_;
        const auto properties = shared_properties(video_id, analysis_id, event, index);
        feature(
            "\"Point\",\"coordinates\":", [&] { write_position(*start, out); }, properties, "point", out);
        const auto end = position(overlay, "end");
        if (!end || *end == *start)
            return;
        const auto path = [&] {
            out += '[';
            write_position(*start, out);
            out += ',';
            write_position(*end, out);
            out += ']';
        };
        feature("\"LineString\",\"coordinates\":", path, properties, "path", out);
    }

    template <class Coordinates>
    void feature(std::string_view geometry, Coordinates coordinates, const std::string& properties,
                 std::string_view type, std::string& out)
    {
        if (std::exchange(any_, true))
            out += ',';
        out += "{\"type\":\"Feature\",\"geometry\":{\"type\":";
        out += geometry;
        coordinates();
        out += "},\"properties\":{" + properties + ",\"type\":\"" + std::string(type) + "\"}}";
    }

    static std::string shared_properties(const std::string& video_id, const Value& analysis_id, const Value& event,
                                         std::size_t index)
    {
        std::string out;
        const auto name = [&](std::string_view text) {
            out += out.empty() ? "\"" : ",\"";
            out += text;
            out += "\":";
        };
        const auto value = [&](std::string_view key, const Value& given) {
            name(key);
            json::write(given, out);
        };
        const auto own = [&](std::string_view key, std::string_view otherwise) {
            const auto* found = event.find(key);
            value(key, found != nullptr ? *found : Value::string(otherwise, true));
        };
        name("id");
        json::write_string(video_id + "-" + std::to_string(index), out);
        name("video_id");
        json::write_string(video_id, out);
        value("analysis_id", analysis_id);
        own("label", "");
        own("category", "");
        const auto* severity = event.find("severity");
        name("severity");
        json::write_string(severity == nullptr ? "medium" : python::lower(python::str(*severity)), out);
        own("approval", "pending");
        const auto t_start = or_empty(event.get("t_start"));
        const auto t_end = or_empty(event.get("t_end"));
        value("t_start", t_start);
        value("t_end", t_end);
        name("start_seconds");
        write_number(seconds_of(t_start), out);
        name("end_seconds");
        write_number(seconds_of(t_end), out);
        name("video_offset");
        write_number(seconds_of(t_start), out);
        value("annotated_thumbnail_url", event.get("annotated_thumbnail_url"));
        return out;
    }

    Selection selection_;
    std::string metadata_;
    std::string batch_id_;
    bool any_ = false;
    std::uint64_t events_ = 0;
};

} // namespace

std::unique_ptr<Renderer> make_geojson_renderer(const StatusDocument& status, const Representation& representation)
{
    return std::make_unique<GeojsonRenderer>(status, representation);
}

} // namespace nomadic::batch
