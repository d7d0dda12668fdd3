#pragma once

// One video's analysis becomes its record: the rules of docs/analysis-model.md for a result. Any thread.

#include "batch/batch.hpp"
#include "batch/forms/form.hpp"
#include "batch/json/value.hpp"

namespace nomadic::batch {

// `item` is the video's item of a bulk answer, or null when there was none; `source` its bytes.
VideoRecord make_record(const StatusDocument& status, const VideoPointer& pointer, const json::Value& item,
                        std::string_view source, ClientRules rules, json::Arena& arena);

// A result of dialect B: kept with its own members, its events finished like all others.
VideoRecord keep_result(std::string_view video_id, const json::Value& result, json::Arena& arena);

// What an event's `approval` counts as: absent, null and whatever is false to Python is pending.
Approval approval_of(const json::Value& approval);

// The id of its analysis as a text, "" when it has none; `result` is the record without its events.
std::string analysis_id_of(const json::Value& result);

} // namespace nomadic::batch
