#pragma once

// The renderers behind make_renderer(): one file each. Any thread, one at a time.

#include "batch/render.hpp"

namespace nomadic::batch {

// The `results` of a batch behind its `batch_metadata`: stored bytes, one behind the other.
std::unique_ptr<Renderer> make_json_renderer(const StatusDocument& status, const Representation& representation);
// One event a line, as in the JSON, plus batch_id, video_id and analysis_id.
std::unique_ptr<Renderer> make_ndjson_renderer(const StatusDocument& status, const Representation& representation);
// RFC 4180 as Python's csv module writes it.
std::unique_ptr<Renderer> make_csv_renderer(const StatusDocument& status, const Representation& representation);

// The newest client's geovisualizer.
std::unique_ptr<Renderer> make_geojson_renderer(const StatusDocument& status, const Representation& representation);
// Counts of the wanted events by approval, category, severity and video.
std::unique_ptr<Renderer> make_facets_renderer(const Representation& representation);

// Calls `each` with the JSON of every event of the record that the selection wants.
template <class Each>
void for_each_wanted(const VideoRecord& record, const Selection& selection, Each each)
{
    const auto& narrowing = selection.narrowing;
    if (!narrowing.allows_video(record.video_id))
        return;
    EventFactsReader facts;
    for (std::size_t i = 0; i < record.spans.size(); ++i)
        if (selection.wants(record.spans[i].approval) &&
            (narrowing.empty() || narrowing.matches(facts.read(record.event(i)))))
            each(record.event(i));
}

} // namespace nomadic::batch
