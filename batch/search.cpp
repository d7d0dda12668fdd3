#include "batch/search.hpp"

#include "batch/fold_case.hpp"
#include "batch/json/scan.hpp"

#include <algorithm>

namespace nomadic::batch {

namespace {

// What stands between the quotes of the JSON text that begins at `at`, its escapes as they are.
std::string_view text_at(std::string_view event_json, std::size_t at)
{
    const char* const begin = event_json.data() + at + 1;
    const char* const end = event_json.data() + event_json.size();
    bool high = false;
    const char* stop = json::find_special(begin, end, high);
    while (end - stop > 1 && *stop != '"')
        stop = json::find_special(stop + 2, end, high); // behind what is escaped
    return {begin, static_cast<std::size_t>(stop - begin)};
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

bool Search::finds_in_analysis(std::string_view event_json)
{
    return may_be_in_analysis(event_json) && finds_in(reader_.read(event_json).ai_analysis);
}

// Most events say nothing of what is looked for, and mostly that can be told from the bytes of their analysis: when it
// is a text, or nothing.
bool Search::may_be_in_analysis(std::string_view event_json)
{
    if (!stand_in_json_)
        return true;
    constexpr std::string_view name = "\"aiAnalysis\":";
    for (auto at = json::find_text(event_json, name); at != std::string_view::npos;
         at = json::find_text(event_json, name, at)) {
        at += name.size();
        const bool is_text = at < event_json.size() && event_json[at] == '"';
        if (is_text ? finds_in(text_at(event_json, at)) : !event_json.substr(at).starts_with("null"))
            return true;
    }
    return std::any_of(texts_.begin(), texts_.end(), [](const std::string& text) { return text.empty(); });
}

} // namespace nomadic::batch
