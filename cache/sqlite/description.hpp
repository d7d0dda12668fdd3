#pragma once

// What is kept of a record beside its bytes: its rows of `event` and of `length`, and the id of its analysis. All of it
// is read off the record in one pass, which needs nobody's turn. One thread at a time.

#include "batch/event_view.hpp"
#include "batch/lengths.hpp"

#include <array>

namespace nomadic::cache::sqlite {

// What narrowing, facets and the SQL view look at of a record's events, without a string for each text.
class EventRows {
public:
    struct Row {
        batch::Approval approval = batch::Approval::pending;
        std::string_view event_id, category, severity, label, start, end;
        std::optional<double> confidence;
    };

    void reserve(std::size_t count, std::size_t text_bytes);
    void add(batch::Approval approval, const batch::EventView& event);
    std::size_t size() const { return rows_.size(); }
    Row operator[](std::size_t position) const; // valid as long as this, and nothing is added

private:
    static constexpr std::size_t texts = 6;
    struct Kept {
        std::uint32_t offset = 0;
        std::array<std::uint32_t, texts> lengths{};
        batch::Approval approval = batch::Approval::pending;
        std::optional<double> confidence;
    };
    std::string texts_; // one behind the other
    std::vector<Kept> rows_;
};

struct Description {
    std::string analysis_id;
    EventRows events;
    std::string lengths; // packed; "" for a record that has none
};

class Describer {
public:
    Description describe(const batch::VideoRecord& record);

private:
    batch::json::Arena arena_, event_arena_;
    batch::RecordMeter meter_;
};

} // namespace nomadic::cache::sqlite
