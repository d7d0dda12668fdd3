#include "batch/json/write.hpp"
#include "batch/renderers.hpp"

#include <map>

namespace nomadic::batch {

namespace {

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

void write_counts(std::string_view name, const Counts& counts, std::string& out)
{
    json::write_string(name, out);
    out += ":{";
    bool any = false;
    for (const auto& [value, count] : counts) {
        if (std::exchange(any, true))
            out += ',';
        json::write_string(value, out);
        out += ':' + std::to_string(count);
    }
    out += '}';
}

// How many of the wanted events have each approval, category, severity and video.
class FacetsRenderer final : public Renderer {
public:
    explicit FacetsRenderer(const Representation& representation) : selection_(representation.selection) {}

    void begin(std::string&) override {}

    void video(const VideoRecord& record, std::string&) override
    {
        for_each_wanted(record, selection_, [&](std::string_view event) {
            const auto facts = event_facts(event);
            ++approvals_[std::string(to_string(facts.approval))];
            ++categories_[facts.category];
            ++severities_[facts.severity];
            ++videos_[record.video_id];
            ++events_;
        });
    }

    void end(std::string& out) override
    {
        out += '{';
        write_counts("approval", approvals_, out);
        out += ',';
        write_counts("category", categories_, out);
        out += ',';
        write_counts("severity", severities_, out);
        out += ',';
        write_counts("video_id", videos_, out);
        out += '}';
    }
    std::uint64_t events() const override { return events_; }

private:
    Selection selection_;
    Counts approvals_, categories_, severities_, videos_;
    std::uint64_t events_ = 0;
};

} // namespace

std::unique_ptr<Renderer> make_facets_renderer(const Representation& representation)
{
    return std::make_unique<FacetsRenderer>(representation);
}

} // namespace nomadic::batch
