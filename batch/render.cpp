#include "batch/render.hpp"

#include "batch/renderers.hpp"
#include "batch/thumbnails.hpp"

#include <algorithm>

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
    text += part(selection.canonical()) + part(dashboard_url);
    if (thumbnails.base.empty())
        return text;
    std::string ids;
    for (const auto& id : *thumbnails.ids)
        ids.append(reinterpret_cast<const char*>(id.data()), id.size());
    return text + part(thumbnails.base) + part(to_hex(digest_of({ids})));
}

bool Representation::needs_source(const StatusDocument& status) const
{
    return format == Format::csv && columns.profile == CsvProfile::sdk_0_1_53 && status.action_segmentation;
}

namespace {

std::unique_ptr<Renderer> make_plain_renderer(const StatusDocument& status, const Representation& representation)
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

// Gives another renderer records whose pictures are at hand.
class LocalThumbnailRenderer final : public Renderer {
public:
    LocalThumbnailRenderer(std::unique_ptr<Renderer> format, LocalThumbnails thumbnails)
        : format_(std::move(format)), thumbnails_(std::move(thumbnails))
    {}

    void begin(std::string& out) override { format_->begin(out); }
    void video(const VideoRecord& record, std::string& out) override
    {
        format_->video(with_thumbnails(record, [this](std::string_view url) { return local(url); }), out);
    }
    void end(std::string& out) override { format_->end(out); }
    std::uint64_t events() const override { return format_->events(); }

private:
    std::string local(std::string_view url) const
    {
        const auto id = thumbnail_id(url);
        const bool at_hand = std::binary_search(thumbnails_.ids->begin(), thumbnails_.ids->end(), id);
        return at_hand ? thumbnails_.base + to_hex(id) : std::string{};
    }

    std::unique_ptr<Renderer> format_;
    LocalThumbnails thumbnails_;
};

} // namespace

std::unique_ptr<Renderer> make_renderer(const StatusDocument& status, const Representation& representation)
{
    auto format = make_plain_renderer(status, representation);
    if (representation.thumbnails.base.empty())
        return format;
    return std::make_unique<LocalThumbnailRenderer>(std::move(format), representation.thumbnails);
}

} // namespace nomadic::batch
