#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/lengths.hpp"
#include "batch/renderers.hpp"

namespace nomadic::batch {

namespace {

constexpr std::string_view before_analysis_id = ",\"analysis_id\":";
constexpr std::string_view after_ids = "}\n";

class NdjsonRenderer final : public Renderer {
public:
    NdjsonRenderer(const StatusDocument& status, const Representation& representation)
        : selection_(representation.selection)
    {
        json::write_string(status.batch_id, before_video_id_);
        before_video_id_ += ",\"video_id\":";
    }

    void begin(std::string&) override {}

    void video(const VideoRecord& record, std::string& out) override
    {
        arena_.reset();
        const std::string text = record.head + record.tail;
        const auto result = json::read(text, arena_);
        auto context = before_video_id_;
        json::write(result ? result->get("video_id") : json::Value{}, context);
        context += before_analysis_id;
        json::write(result ? result->get("analysis_id") : json::Value{}, context);
        context += after_ids;
        for_each_wanted(record, selection_, [&](std::string_view event) {
            event.remove_suffix(1); // an event has at least its approval, so a comma is right
            out += event;
            out += context;
            ++events_;
        });
    }

    void end(std::string&) override {}
    std::uint64_t events() const override { return events_; }

    std::optional<std::uint64_t> measure(const RecordLengths& lengths) override
    {
        if (!selection_.narrowing.empty())
            return std::nullopt;
        const auto wanted = wanted_of(lengths, selection_);
        events_ += wanted.count;
        const auto context = before_video_id_.size() + lengths.ids + before_analysis_id.size() + after_ids.size();
        return wanted.json + wanted.count * (context - 1); // without the event's own last brace
    }

private:
    std::string before_video_id_ = ",\"batch_id\":";
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
