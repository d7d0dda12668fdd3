#include "batch/search.hpp"

#include "batch/fold_case.hpp"
#include "batch/json/scan.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace nomadic::batch;

namespace {

bool finds(const std::string& text, std::string_view event_json)
{
    return Search({text}).finds_in_analysis(event_json);
}

} // namespace

TEST_CASE("find_text: finds what a search byte by byte finds, wherever it stands")
{
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 70, ' '), what(1 + random() % 20, ' ');
        for (auto* const some : {&text, &what})
            for (auto& c : *some)
                c = static_cast<char>('a' + random() % 2);
        if (round % 2 == 0 && what.size() <= text.size())
            text.replace(random() % (text.size() - what.size() + 1), what.size(), what);
        const auto from = random() % 72;
        CHECK_MESSAGE(json::find_text(text, what, from) == text.find(what, from), text, " ", what, " ", from);
    }
}

TEST_CASE("fold_case: a text is folded character by character, whatever stands beside each")
{
    const std::vector<std::string> characters{"a", "Z", "@",      "[", "`", "{",  "\x7f", "É",
                                              "é", "Ⱥ", "\u212A", "K", "ß", "横", "🚸",    "\xFF"};
    std::mt19937 random(7);
    std::string room;
    for (int round = 0; round < 2000; ++round) {
        std::string text, folded;
        for (auto more = random() % 90; more > 0; --more) {
            const auto& character =
                random() % 8 == 0 ? characters[random() % characters.size()] : characters[random() % 2];
            text += character;
            folded += fold_case(character);
        }
        CHECK(fold_case(text) == folded);
        CHECK(fold_case(text, room) == folded);
    }
    CHECK(fold_case("ȺȾ\u212A") == "ⱥⱦk");
}

TEST_CASE("search: a text in the AI analysis is found whatever its case, form or escapes")
{
    CHECK(finds("Cyclist MERGES", R"({"aiAnalysis":"A cyclist merges from the left"})"));
    CHECK(finds("\"stop\"", R"({"aiAnalysis":"past a \"Stop\" sign"})"));
    CHECK(finds("two\nlines", R"({"aiAnalysis":"Two\nlines"})"));
    CHECK(finds("kelvin", "{\"aiAnalysis\":\"\u212Aelvin\"}"));
    CHECK(finds("横断", R"({"aiAnalysis":"横断歩道"})"));
    CHECK(finds("behind", R"({"aiAnalysis":"\\\"\\ what is escaped, and behind"})"));
    CHECK(finds("second", R"({"aiAnalysis":null,"data":{"aiAnalysis":"the second"}})"));
    // As Python writes what is no text.
    CHECK(finds("['a', 'b']", R"({"aiAnalysis":["a","b"]})"));
    CHECK(finds("none", R"({"aiAnalysis":{"x":null}})"));
    CHECK(finds("in data", R"({"data":{"aiAnalysis":"In data"}})"));
}

TEST_CASE("search: what stands elsewhere in an event is not in its AI analysis")
{
    CHECK_FALSE(finds("cyclist", R"({"aiAnalysis":"nobody","summary":"a cyclist"})"));
    CHECK_FALSE(finds("aianalysis", R"({"aiAnalysis":"nobody"})"));
    CHECK_FALSE(finds("nobody", R"({"summary":"\"aiAnalysis\":\"nobody\""})"));
    CHECK_FALSE(finds("none", R"({"aiAnalysis":null})"));
    CHECK(finds("", R"({"aiAnalysis":null})"));
    CHECK_FALSE(Search({}).any());
}
