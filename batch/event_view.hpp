#pragma once

// What the CSV, the filters and the map read off an event of any form: the clients' own order of preference for each.

#include "batch/json/value.hpp"

#include <optional>

namespace nomadic::batch {

// Looks for each once, since several ask for the same. One thread at a time; lives no longer than the event.
class EventView {
public:
    explicit EventView(const json::Value& event) : event_(event), data_(event.get("data")) {}

    json::Value category() const { return once(category_, &EventView::find_category); }
    json::Value label() const { return once(label_, &EventView::find_label); } // null when it only repeats the category
    json::Value ai_analysis() const { return once(ai_analysis_, &EventView::find_ai_analysis); }
    json::Value start() const { return once(start_, &EventView::find_start); }
    json::Value end() const { return once(end_, &EventView::find_end); }
    json::Value event_id() const { return once(event_id_, &EventView::find_event_id); }
    json::Value unix_start() const { return unix_time("start", "unix_timestamp_start"); }
    json::Value unix_end() const { return unix_time("end", "unix_timestamp_end"); }
    json::Value own(std::string_view name) const { return event_.get(name); }
    json::Value any_label() const;            // its own even where that repeats the category
    std::optional<double> confidence() const; // empty when it is no number

private:
    struct Found {
        json::Value value;
        bool looked_for = false;
    };
    json::Value once(Found& found, json::Value (EventView::*find)() const) const
    {
        if (!found.looked_for)
            found = {(this->*find)(), true};
        return found.value;
    }

    json::Value find_category() const;
    json::Value find_label() const;
    json::Value find_ai_analysis() const;
    json::Value find_start() const;
    json::Value find_end() const;
    json::Value find_event_id() const;
    json::Value unix_time(std::string_view end, std::string_view own) const;

    const json::Value& event_;
    json::Value data_;
    mutable Found category_, label_, ai_analysis_, start_, end_, event_id_;
};

} // namespace nomadic::batch
