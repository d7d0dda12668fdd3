#include "batch/lengths.hpp"
#include "batch/renderers.hpp"

#include <utility>

namespace nomadic::batch {

namespace {

class JsonRenderer final : public Renderer {
public:
    JsonRenderer(const StatusDocument& status, const Representation& representation)
        : metadata_(render_metadata(status, representation.dashboard_url)), selection_(representation.selection)
    {}

    void begin(std::string& out) override { out += "{\"batch_metadata\":" + metadata_ + ",\"results\":["; }

    void video(const VideoRecord& record, std::string& out) override
    {
        const auto start = out.size();
        if (any_video_)
            out += ',';
        out += record.head;
        std::uint64_t written = 0;
        for_each_wanted(record, selection_, [&](std::string_view event) {
            if (written++ != 0)
                out += ',';
            out += event;
        });
        // A selection leaves out the videos in which it finds nothing.
        if (written == 0 && !selection_.everything())
            return out.resize(start);
        out += record.tail;
        any_video_ = true;
        events_ += written;
    }

    void end(std::string& out) override { out += "]}"; }
    std::uint64_t events() const override { return events_; }

    std::optional<std::uint64_t> measure(const RecordLengths& lengths) override
    {
        if (!selection_.narrowing.empty())
            return std::nullopt;
        const auto wanted = wanted_of(lengths, selection_);
        if (wanted.count == 0 && !selection_.everything())
            return 0;
        events_ += wanted.count;
        const std::uint64_t comma = std::exchange(any_video_, true) ? 1 : 0;
        return comma + lengths.around + wanted.json + (wanted.count == 0 ? 0 : wanted.count - 1);
    }

private:
    std::string metadata_;
    Selection selection_;
    bool any_video_ = false;
    std::uint64_t events_ = 0;
};

} // namespace

std::unique_ptr<Renderer> make_json_renderer(const StatusDocument& status, const Representation& representation)
{
    return std::make_unique<JsonRenderer>(status, representation);
}

} // namespace nomadic::batch
