#pragma once

// Batches for tests of the store: made through the domain's own parser, so that what is stored is what would be.

#include "batch/parse.hpp"

#include <boost/json.hpp>

namespace nomadic::test {

struct TestBatch {
    batch::StatusDocument status;
    std::vector<batch::VideoRecord> records;
};

// `approvals[v]` lists the approvals of video v's events; `salt` goes into every label.
inline TestBatch make_batch(const std::string& id, const std::vector<std::vector<std::string>>& approvals,
                            const std::string& salt = "")
{
    namespace json = boost::json;
    json::array videos, analyses;
    for (std::size_t v = 0; v < approvals.size(); ++v) {
        const auto video_id = "video-" + std::to_string(v);
        videos.push_back({{"video_id", video_id}, {"analysis_id", "a" + std::to_string(v)}, {"status", "completed"}});
        json::array events;
        for (const auto& approval : approvals[v])
            events.push_back({{"type", "Driving"},
                              {"description", "label " + std::to_string(events.size()) + salt},
                              {"time", "t=1"},
                              {"end_time", "t=5"},
                              {"approval", approval}});
        analyses.push_back({{"video_id", video_id},
                            {"analysis_id", "a" + std::to_string(v)},
                            {"analysis", {{"events", events}, {"summary", "s" + salt}}}});
    }
    const json::value status{
        {"batch_id", id}, {"status", "completed"}, {"config", {{"analysis_kind", "ask"}}}, {"videos", videos}};
    const json::value bulk{
        {"analyses", analyses}, {"unresolved_video_ids", json::array{}}, {"not_found_analysis_ids", json::array{}}};
    auto document = batch::parse_status(json::serialize(status), id);
    auto answer = batch::parse_bulk(*document, document->videos, json::serialize(bulk));
    return {std::move(*document), std::move(answer->records)};
}

} // namespace nomadic::test
