#pragma once

// How long the parts of one video's record are in the answers whose length can be told before they are rendered. Such
// lengths are kept with the record: sums of them are a Content-Length. Pure, any thread.

#include "batch/batch.hpp"
#include "batch/csv_columns.hpp"
#include "batch/filter.hpp"

#include <array>

namespace nomadic::batch {

struct RecordLengths {
    using Fields = std::array<std::uint64_t, csv::column_count>; // of the CSV, as csv::columns() has them

    // Of the events of one approval, together.
    struct Events {
        std::uint64_t count = 0;
        std::uint64_t json = 0;
        Fields fields{}; // of the columns that are of the event

        Events& operator+=(const Events& others);
        friend bool operator==(const Events&, const Events&) = default;
    };

    std::array<Events, approval_count> events;
    std::uint64_t around = 0; // in JSON, what stands before and behind the events
    std::uint64_t ids = 0;    // its video_id and analysis_id, as NDJSON has them in each line
    bool own_query = false;   // else the column is the batch's
    Fields fields{};          // of the columns that are of the video

    friend bool operator==(const RecordLengths&, const RecordLengths&) = default;
};

// Of the events that the selection wants, which has no narrowing.
RecordLengths::Events wanted_of(const RecordLengths& lengths, const Selection& selection);

// Takes the lengths of a record whose JSON is being read anyway. One thread at a time.
class RecordMeter {
public:
    // `result` is what the record is without its events.
    void begin(const VideoRecord& record, const json::Value& result);
    void event(Approval approval, std::string_view event_json, const EventView& event);
    const RecordLengths& lengths() const { return lengths_; }

private:
    // Renders them, so that the lengths are those of what is rendered.
    template <class Chosen>
    void add_fields(const csv::Row& row, Chosen chosen, RecordLengths::Fields& fields);

    RecordLengths lengths_;
    std::string scratch_;
};

// Empty for a record whose parts are no JSON: no renderer makes one.
std::optional<RecordLengths> lengths_of(const VideoRecord& record);

// For the store: approvals without events take no room.
std::string pack(const RecordLengths& lengths);
// Empty when the bytes are not what pack() makes in this version of the program, whose renderers may be others.
std::optional<RecordLengths> unpack(std::string_view packed);
bool are_of_other_renderers(std::string_view packed);

} // namespace nomadic::batch
