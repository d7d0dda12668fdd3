#include "batch/python.hpp"
#include "batch/json/read.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace nomadic::batch;

namespace {

struct Read {
    json::Arena arena;
    json::Value value;
    explicit Read(std::string_view text)
    {
        const auto read = json::read(text, arena);
        REQUIRE(read.has_value());
        value = *read;
    }
};

} // namespace

TEST_CASE("python: what is false to Python")
{
    for (const char* text : {"null", "false", "0", "0.0", "-0.0", "1e-999", "\"\"", "[]", "{}"})
        CHECK_MESSAGE(!python::truth(Read(text).value), text);
    for (const char* text : {"true", "1", "0.1", "NaN", "\"0\"", "[0]", "{\"a\":0}"})
        CHECK_MESSAGE(python::truth(Read(text).value), text);
}

TEST_CASE("python: str() of every kind")
{
    CHECK(python::str(Read("null").value) == "None");
    CHECK(python::str(Read("true").value) == "True");
    CHECK(python::str(Read("1.50").value) == "1.5");
    CHECK(python::str(Read("1e16").value) == "1e+16");
    CHECK(python::str(Read("\"it's\"").value) == "it's");
    CHECK(python::str(Read(R"(["it's", "a\"b", "c'\"", "\n\u0001\u00a0é\u200b"])").value) ==
          "[\"it's\", 'a\"b', 'c\\'\"', '\\n\\x01\\xa0\xC3\xA9\\u200b']");
    CHECK(python::str(Read(R"({"a": [1, null], "b": {}})").value) == "{'a': [1, None], 'b': {}}");
}

TEST_CASE("python: float() of texts")
{
    CHECK(python::to_float(" 1_000.5 ") == 1000.5);
    CHECK(python::to_float("+.5e1") == 5.0);
    CHECK(std::isinf(*python::to_float("-Infinity")));
    CHECK(std::isnan(*python::to_float("nan")));
    CHECK(*python::to_float("1e999") == HUGE_VAL);
    CHECK(*python::to_float("1e-999") == 0.0);
    CHECK(*python::to_float("0." + std::string(400, '0') + "1") == 0.0);
    CHECK(*python::to_float("1" + std::string(400, '0') + "e-5") == HUGE_VAL);
    CHECK(python::to_float("\xC2\xA0\t12\xE3\x80\x80\xC2\x85") == 12.0); // any space of Unicode's
    CHECK(!python::to_float("\xE2\x80\x8B"
                            "12")); // but U+200B is none
    for (const char* text : {"", " ", "1_", "_1", "1__0", "0x10", "1,5", "--1", "+-1", "infinit", "1e"})
        CHECK_MESSAGE(!python::to_float(text), text);
    CHECK(!python::to_float(Read("null").value));
    CHECK(!python::to_float(Read("1" + std::string(400, '0')).value));
}

TEST_CASE("python: equality is by value across kinds of numbers")
{
    CHECK(python::equal(Read("0").value, Read("false").value));
    CHECK(python::equal(Read("1").value, Read("1.0").value));
    CHECK(!python::equal(Read("1").value, Read("\"1\"").value));
    CHECK(!python::equal(Read("9007199254740993").value, Read("9007199254740992").value));
}
