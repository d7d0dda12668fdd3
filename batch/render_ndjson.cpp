#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/renderers.hpp"

namespace nomadic::batch {

namespace {

class NdjsonRenderer final : public Renderer {
public:
    NdjsonRenderer(const StatusDocument& status, const Representation& representation)
        : selection_(representation.selection)
    {
        json::write_string(status.batch_id, batch_id_);
    }

    void begin(std::string&) override {}

    void video(const VideoRecord& record, std::string& out) override
    {
        arena_.reset();
        const std::string text = record.head + record.tail;
        const auto result = json::read(text, arena_);
        std::string context = ",\"batch_id\":" + batch_id_ + ",\"video_id\":";
        json::write(result ? result->get("video_id") : json::Value{}, context);
        context += ",\"analysis_id\":";
        json::write(result ? result->get("analysis_id") : json::Value{}, context);
        context += "}\n";
        for_each_wanted(record, selection_, [&](std::string_view event) {
            event.remove_suffix(1); // an event has at least its approval, so a comma is right
            out += event;
            out += context;
            ++events_;
        });
    }

    void end(std::string&) override {}
    std::uint64_t events() const override { return events_; }

private:
    std::string batch_id_;
    Selection selection_;
    json::Arena arena_;
    std::uint64_t events_ = 0;
};

} // namespace

std::unique_ptr<Renderer> make_ndjson_renderer(const StatusDocument& status, const Representation& representation)
{
    return std::make_unique<NdjsonRenderer>(status, representation);
}

} // namespace nomadic::batch
