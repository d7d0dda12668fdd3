#include "batch/parse.hpp"

#include "batch/json/read.hpp"
#include "batch/json/write.hpp"
#include "batch/python.hpp"
#include "batch/record.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace nomadic::batch {

namespace {

using json::Value;

Failure not_promised(std::string_view what, std::string_view why)
{
    return {.code = Errc::upstream_failed,
            .detail = "The upstream's " + std::string(what) + " is not the promised document: " + std::string(why),
            .members = {}};
}

std::string json_of(const Value& value)
{
    std::string text;
    json::write(value, text);
    return text;
}

VideoPointer pointer_of(const Value& entry)
{
    VideoPointer pointer{.video_id = std::string(entry.get("video_id").text()),
                         .analysis_id_json = json_of(entry.get("analysis_id")),
                         .status = {},
                         .last_error_json = {}};
    if (const auto status = entry.get("status"); status.is_string())
        pointer.status = python::lower(status.text());
    if (const auto error = entry.get("last_error"); python::truth(error))
        pointer.last_error_json = json_of(error);
    return pointer;
}

bool has_id(const Value& entry)
{
    const auto id = entry.get("video_id");
    return id.is_string() && !id.text().empty();
}

// A repeated id means its last entry, at every place, as in the clients' map.
std::vector<VideoPointer> pointers_of(const Value& videos)
{
    std::unordered_map<std::string_view, const Value*> last;
    for (const auto& entry : videos.items())
        if (has_id(entry))
            last[entry.get("video_id").text()] = &entry;
    std::vector<VideoPointer> pointers;
    for (const auto& entry : videos.items())
        if (has_id(entry))
            pointers.push_back(pointer_of(*last[entry.get("video_id").text()]));
    return pointers;
}

BatchType type_of(const Value& config)
{
    const auto* kind = config.find("analysis_kind");
    return kind == nullptr || (kind->is_string() && kind->text() == "rapid_review") ? BatchType::ask : BatchType::agent;
}

bool is_analysed(const VideoPointer& pointer)
{
    return pointer.status == "completed" && pointer.analysis_id_json != "null";
}

// Those of which the answer says that there is nothing.
void drop_accounted_for(std::vector<std::size_t>& left_out, std::span<const VideoPointer> asked, const Value& answer)
{
    if (left_out.empty())
        return;
    std::unordered_set<std::string> accounted_for; // ids, as JSON
    for (const char* list : {"unresolved_video_ids", "not_found_analysis_ids"})
        for (const auto& id : answer.get(list).items())
            accounted_for.insert(json_of(id));
    std::erase_if(left_out, [&](std::size_t place) {
        const auto& pointer = asked[place];
        return accounted_for.contains(json_of(Value::string(pointer.video_id, false))) ||
               accounted_for.contains(pointer.analysis_id_json);
    });
}

} // namespace

Result<StatusDocument> parse_status(std::string source, std::string_view batch_id)
{
    StatusDocument status;
    status.source = std::move(source);
    json::Arena arena;
    const auto document = json::read(status.source, arena);
    if (!document)
        return not_promised("status", document.error().detail);
    if (!document->is_object())
        return not_promised("status", "it is no JSON object.");
    if (const auto id = document->get("batch_id"); !id.is_null() && !(id.is_string() && id.text() == batch_id))
        return not_promised("status", "it names another batch.");
    const auto state = document->get("status");
    if (!state.is_string())
        return not_promised("status", "it has no text `status`.");
    // Entries that say nothing usable are skipped, as the clients do; but where none is an entry, nothing was promised.
    const auto videos = document->get("videos");
    const auto is_entry = [](const Value& entry) { return entry.is_object(); };
    const auto entries = videos.items();
    if (!entries.empty() && std::none_of(entries.begin(), entries.end(), is_entry))
        return not_promised("status", "its `videos` are no objects.");

    const auto config = document->get("config");
    status.batch_id = batch_id;
    status.status = python::lower(state.text());
    status.lists_videos = videos.is_array();
    status.videos = pointers_of(videos);
    status.type = status.videos.empty() ? BatchType::unknown : type_of(config);
    const auto workflow = config.get("custom_workflow_name");
    status.action_segmentation = workflow.is_string() && workflow.text() == "robotic-action-segmentation";
    auto review = document->get("review_status");
    if (review.is_null())
        review = config.get("review_status");
    if (!review.is_null())
        status.review_status = python::str(review);
    return status;
}

Result<BulkAnswer> parse_bulk(const StatusDocument& status, std::span<const VideoPointer> asked, std::string_view body)
{
    json::Arena arena;
    const auto answer = json::read_sliced(body, "analyses", arena);
    if (!answer)
        return not_promised("analyses", answer.error().detail);
    const auto analyses = answer->document.get("analyses");
    if (!analyses.is_array())
        return not_promised("analyses", "it has no array `analyses`.");

    std::unordered_map<std::string_view, std::size_t> item_of;
    for (const auto& pointer : asked)
        item_of.emplace(pointer.video_id, analyses.items().size());
    for (std::size_t i = 0; i < analyses.items().size(); ++i) {
        const auto& item = analyses.items()[i];
        if (!has_id(item))
            continue;
        const auto found = item_of.find(item.get("video_id").text());
        if (found == item_of.end())
            return not_promised("analyses", "it names a video that was not asked for.");
        found->second = i;
    }

    BulkAnswer bulk;
    bulk.records.reserve(asked.size());
    json::Arena scratch;
    for (const auto& pointer : asked) {
        const auto place = item_of.at(pointer.video_id);
        const bool found = place < analyses.items().size();
        if (!found && is_analysed(pointer))
            bulk.left_out.push_back(bulk.records.size());
        bulk.records.push_back(make_record(status, pointer, found ? analyses.items()[place] : Value{},
                                           found ? answer->items[place] : std::string_view{}, ClientRules::sdk_0_1_64,
                                           scratch));
        scratch.reset();
    }
    drop_accounted_for(bulk.left_out, asked, answer->document);
    return bulk;
}

Result<std::vector<VideoRecord>> parse_filter_batch(StatusDocument& status, std::string_view body)
{
    json::Arena arena;
    const auto answer = json::read(body, arena);
    if (!answer)
        return not_promised("filter_batch answer", answer.error().detail);
    const auto metadata = answer->get("batch_metadata");
    const auto results = answer->get("results");
    if (!metadata.is_object() || !results.is_array())
        return not_promised("filter_batch answer", "it has no `batch_metadata` and `results`.");
    if (const auto id = metadata.get("batch_id"); id.is_string() && id.text() != status.batch_id)
        return not_promised("filter_batch answer", "it names another batch.");

    status.metadata_source = json_of(metadata);
    status.videos = pointers_of(results);
    std::vector<VideoRecord> records;
    json::Arena scratch;
    for (const auto& result : results.items()) {
        if (!has_id(result))
            return not_promised("filter_batch answer", "it has a result without a video_id.");
        records.push_back(keep_result(result.get("video_id").text(), result, scratch));
        scratch.reset();
    }
    return records;
}

} // namespace nomadic::batch
