#include "batch/search.hpp"

#include "batch/fold_case.hpp"
#include "batch/json/scan.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

// Whether what stands in the AI analysis is found in the event's JSON as it is: it is a text, or nothing.
bool analysis_is_text(std::string_view event_json)
{
    constexpr std::string_view name = "\"aiAnalysis\":";
    for (auto at = json::find_text(event_json, name); at != std::string_view::npos;
         at = json::find_text(event_json, name, at)) {
        at += name.size();
        if (at == event_json.size() || (event_json[at] != '"' && event_json[at] != 'n'))
            return false;
    }
    return true;
}

bool stands_in_json(const std::string& text)
{
    return std::none_of(text.begin(), text.end(), [](unsigned char byte) { return json::is_special(byte); });
}

} // namespace

Search::Search(const std::vector<std::string>& texts)
    : texts_(fold_case(texts)), stand_in_json_(std::all_of(texts_.begin(), texts_.end(), stands_in_json))
{}

bool Search::finds_in(std::string_view text)
{
    const auto folded = fold_case(text, room_);
    return std::any_of(texts_.begin(), texts_.end(), [folded](const std::string& what) {
        return what.empty() || json::find_text(folded, what) != std::string_view::npos;
    });
}

// Most events say nothing of what is looked for, and mostly that can be told from their bytes.
bool Search::finds_in_analysis(std::string_view event_json)
{
    if (stand_in_json_ && analysis_is_text(event_json) && !finds_in(event_json))
        return false;
    return finds_in(reader_.read(event_json).ai_analysis);
}

} // namespace nomadic::batch
