#pragma once

// From upstream's bytes to the domain. Everything here may be hostile: deep, huge, of wrong types, not JSON at all.
// What is not the promised document is a Failure (Errc::upstream_failed) whose detail says what was missing; what is
// merely odd inside a video never fails the batch: it degrades to the defaults of docs/analysis-model.md.

#include "base/error.hpp"
#include "batch/batch.hpp"

#include <span>

namespace nomadic::batch {

// `GET /api/batch/{id}/status`. Fails unless it is an object that names `batch_id` (when it names one at all) and has a
// text `status`.
Result<StatusDocument> parse_status(std::string source, std::string_view batch_id);

// `POST /api/batch/{id}/analyses/bulk`: one record for each pointer asked for, in their order. A video that upstream
// has no analysis for becomes the placeholder the clients make. Fails when `analyses` is missing or names a video that
// was not asked for.
struct BulkAnswer {
    std::vector<VideoRecord> records;
    // Places of placeholders for videos that their pointers call completed, and of which the answer does not say, in
    // `unresolved_video_ids` or `not_found_analysis_ids`, that there is nothing.
    std::vector<std::size_t> left_out;
};
Result<BulkAnswer> parse_bulk(const StatusDocument& status, std::span<const VideoPointer> asked, std::string_view body);

// `POST /api/batch/{id}/filter_batch` with no filter (dialect B): fills status.metadata_source and, when the status
// document had no videos, its pointers; one record for each result.
Result<std::vector<VideoRecord>> parse_filter_batch(StatusDocument& status, std::string_view body);

} // namespace nomadic::batch
