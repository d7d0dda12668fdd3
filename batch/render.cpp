#include "batch/render.hpp"

#include "batch/renderers.hpp"

namespace nomadic::batch {

std::string_view media_type(Format format)
{
    switch (format) {
    case Format::csv:
        return "text/csv; charset=utf-8; header=present";
    case Format::ndjson:
        return "application/x-ndjson";
    case Format::geojson:
        return "application/geo+json";
    case Format::facets:
    case Format::json:
        break;
    }
    return "application/json";
}

std::string Representation::canonical() const
{
    const auto part = [](std::string_view text) { return std::to_string(text.size()) + ":" + std::string(text); };
    std::string text =
        part(std::to_string(static_cast<int>(format))) + part(std::to_string(static_cast<int>(columns.profile)));
    for (const auto& name : columns.names)
        text += part(name);
    return text + part(selection.canonical()) + part(dashboard_url);
}

bool Representation::needs_source(const StatusDocument& status) const
{
    return format == Format::csv && columns.profile == CsvProfile::sdk_0_1_53 && status.action_segmentation;
}

std::unique_ptr<Renderer> make_renderer(const StatusDocument& status, const Representation& representation)
{
    switch (representation.format) {
    case Format::csv:
        return make_csv_renderer(status, representation);
    case Format::ndjson:
        return make_ndjson_renderer(status, representation);
    case Format::geojson:
        return make_geojson_renderer(status, representation);
    case Format::facets:
        return make_facets_renderer(representation);
    case Format::json:
        break;
    }
    return make_json_renderer(status, representation);
}

} // namespace nomadic::batch
