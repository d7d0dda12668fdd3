#pragma once

// What the CSV, the filters and the map read off an event of any form: the clients' own order of preference for each.

#include "batch/json/value.hpp"

namespace nomadic::batch {

class EventView {
public:
    explicit EventView(const json::Value& event) : event_(event), data_(event.get("data")) {}

    json::Value category() const;
    json::Value label() const; // null when it only repeats the category
    json::Value ai_analysis() const;
    json::Value start() const;
    json::Value end() const;
    json::Value unix_start() const { return unix_time("start", "unix_timestamp_start"); }
    json::Value unix_end() const { return unix_time("end", "unix_timestamp_end"); }
    json::Value event_id() const;
    json::Value own(std::string_view name) const { return event_.get(name); }

private:
    json::Value unix_time(std::string_view end, std::string_view own) const;

    const json::Value& event_;
    json::Value data_;
};

} // namespace nomadic::batch
