#include "batch/facets.hpp"
#include "batch/renderers.hpp"

namespace nomadic::batch {

namespace {

class FacetsRenderer final : public Renderer {
public:
    explicit FacetsRenderer(const Representation& representation) : selection_(representation.selection) {}

    void begin(std::string&) override {}
    void video(const VideoRecord& record, std::string&) override
    {
        const auto before = facets_.events();
        for_each_wanted(record, selection_,
                        [&](std::string_view event) { facets_.count(reader_.read(event).values()); });
        facets_.count_video(record.video_id, facets_.events() - before);
    }
    void end(std::string& out) override { out += facets_.json(); }
    std::uint64_t events() const override { return facets_.events(); }

private:
    Selection selection_;
    EventFactsReader reader_;
    Facets facets_;
};

} // namespace

std::unique_ptr<Renderer> make_facets_renderer(const Representation& representation)
{
    return std::make_unique<FacetsRenderer>(representation);
}

} // namespace nomadic::batch
