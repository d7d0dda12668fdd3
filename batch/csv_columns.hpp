#pragma once

// The columns that a CSV may have, and how each writes its field. Pure, any thread.

#include "batch/event_view.hpp"

#include <span>
#include <string>

namespace nomadic::batch::csv {

// What a row is made from.
struct Row {
    std::string_view batch_query, batch_id, batch_viewer_url;
    const json::Value& result;
    const EventView& event;
};

// Of what a column speaks: what is the same for all events of a video is written once a video.
enum class Of {
    event,
    video,
    video_or_batch, // the batch's own where the video has none
    batch,
};

struct Column {
    std::string_view name;
    json::Value (*value)(const Row& row); // null for the Timestamp, which is made of two
    Of of = Of::event;

    void append(const Row& row, std::string& out) const; // its field of the row, quoted as needed
    // How many bytes that would be. What it takes rendering to know is rendered into `scratch`.
    std::size_t length(const Row& row, std::string& scratch) const;
};

inline constexpr std::size_t column_count = 21;
std::span<const Column, column_count> columns();

// Whether the video has something of its own to say in a column that is of the video or of the batch.
bool has_own_query(const json::Value& result);

// A field as Python's csv module writes a value; nested objects as JSON, null and what is not finite as nothing. Not
// yet quoted.
void append_text(const json::Value& value, std::string& out);
json::Value or_else(const json::Value& value, const json::Value& otherwise); // by Python's truth

} // namespace nomadic::batch::csv
