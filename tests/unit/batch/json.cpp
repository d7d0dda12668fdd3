#include "batch/json/read.hpp"
#include "batch/json/write.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

using namespace nomadic::batch;

namespace {

std::string rewritten(std::string_view text)
{
    json::Arena arena;
    const auto value = json::read(text, arena);
    REQUIRE_MESSAGE(value.has_value(), text);
    std::string out;
    json::write(*value, out);
    return out;
}

bool refused(std::string_view text)
{
    json::Arena arena;
    return !json::read(text, arena);
}

} // namespace

TEST_CASE("json: what Python's json module reads is written back compactly")
{
    CHECK(rewritten(" { \"a\" : [ 1 , 2.50 , \"x\" , null , true , false ] } ") ==
          R"({"a":[1,2.50,"x",null,true,false]})");
    CHECK(rewritten("[NaN, Infinity, -Infinity, 1e999]") == "[null,null,null,null]");
    const auto too_small = "0." + std::string(400, '0') + "1e1"; // its zeros say so, not its exponent
    CHECK(rewritten("[1e-999, " + too_small + "]").find("null") == std::string::npos);
    CHECK(rewritten("123456789012345678901234567890") == "123456789012345678901234567890");
    CHECK(rewritten("-0") == "0");
    CHECK(rewritten(R"("\u00e9\ud83d\ude00\/\"\\\n")") == "\"\xC3\xA9\xF0\x9F\x98\x80/\\\"\\\\\\n\"");
    CHECK(rewritten(R"(["\ud800", "\udc00x", "\ud800\u0041"])") == "[\"\xEF\xBF\xBD\",\"\xEF\xBF\xBDx\",\"\xEF\xBF\xBD"
                                                                   "A\"]");
}

TEST_CASE("json: a repeated member's last value stands at its first place")
{
    CHECK(rewritten(R"({"a":1,"b":2,"a":3,"c":4,"b":5,"b":6})") == R"({"a":3,"b":6,"c":4})");
    // Names that differ little, in an object of few members and in one of many.
    CHECK(rewritten(R"({"":1,"ab":2,"ba":3,"aab":4,"abb":5,"ab":6,"":7,"abb":8})") ==
          R"({"":7,"ab":6,"ba":3,"aab":4,"abb":8})");
    std::string many = "{";
    for (int i = 0; i < 200; ++i)
        many += "\"k" + std::to_string(i % 100) + "\":" + std::to_string(i) + ",";
    many.back() = '}';
    json::Arena arena;
    const auto value = json::read(many, arena);
    REQUIRE(value.has_value());
    CHECK(value->members().size() == 100);
    CHECK(value->get("k7").text() == "107");
}

TEST_CASE("json: what is not JSON is refused with its place")
{
    for (const char* text :
         {"",      " ",         "{",   "[1,]",     "{\"a\":1,}",       "{a:1}",        "01",     "1.",
          ".5",    "+1",        "1e",  "\"a",      "\"\\x\"",          "\"\\u12\"",    "\"\t\"", "nul",
          "[1 2]", "{\"a\" 1}", "1 2", "\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\xaf\"", "-",      "tru",
          "[",     "{\"a\":"}) {
        CAPTURE(text);
        CHECK(refused(text));
    }
    json::Arena arena;
    CHECK(json::read("[1, x]", arena).error().detail.find("at byte 4") != std::string::npos);
}

TEST_CASE("json: nesting is limited, so that no input overflows the stack")
{
    CHECK(refused(std::string(100'000, '[')));
    const std::string deepest = std::string(json::deepest_nesting, '[') + std::string(json::deepest_nesting, ']');
    CHECK(rewritten(deepest) == deepest);
    CHECK(refused("[" + deepest + "]"));
}

TEST_CASE("json: an array's items are sliced byte for byte")
{
    json::Arena arena;
    const auto sliced =
        json::read_sliced(R"({"x":[0],"items":[ {"a": [1, 2]} , 3 ],"y":{"items":[9]}})", "items", arena);
    REQUIRE(sliced.has_value());
    REQUIRE(sliced->items.size() == 2);
    CHECK(sliced->items[0] == R"({"a": [1, 2]})");
    CHECK(sliced->items[1] == "3");
}

TEST_CASE("json: numbers print as Python prints them")
{
    CHECK(json::python_repr(0.85) == "0.85");
    CHECK(json::python_repr(1758310.0) == "1758310.0");
    CHECK(json::python_repr(1e-05) == "1e-05");
    CHECK(json::python_repr(0.0001) == "0.0001");
    CHECK(json::python_repr(1e16) == "1e+16");
    CHECK(json::python_repr(123456789012345.0) == "123456789012345.0");
    CHECK(json::python_repr(-0.0) == "-0.0");
}

TEST_CASE("json: a number that is told by its text to be as Python prints it is printed so")
{
    for (const char* text :
         {"0.85", "0.0", "-0.0", "-12.5", "0.0001", "0.00012", "100.0", "1758310.25", "123456789012.345"})
        CHECK_MESSAGE(json::is_python_repr(text), text);
    for (const char* text : {"", "-", ".5", "5.", "5", "0.850", "00.5", "01.5", "0.00001", "1e-05", "1.5e3", "NaN",
                             "inf", "1.2.3", "--1.0", "1_0.5", "1.-5", "0.12345678901234567", "12345678901234567.0"})
        CHECK_FALSE_MESSAGE(json::is_python_repr(text), text);
    std::mt19937_64 random(7);
    for (int i = 0; i < 100'000; ++i) {
        const auto whole = std::to_string(random() >> (random() % 50 + 14));
        auto fraction = std::to_string(random() >> (random() % 50 + 14));
        fraction.insert(0, random() % 6, '0');
        const auto text = (random() % 2 == 0 ? "-" : "") + whole + '.' + fraction;
        if (json::is_python_repr(text))
            REQUIRE_EQ(json::python_repr(std::strtod(text.c_str(), nullptr)), text);
    }
}
