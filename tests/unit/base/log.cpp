#include "base/log.hpp"
#include "base/secret.hpp"

#include <doctest/doctest.h>

using namespace nomadic;

TEST_CASE("log: a value can't forge a line or a pair")
{
    CHECK(log::render(log::Format::logfmt, log::Level::warn, "it failed", {{"path", "/a b"}, {"n", "1"}}) ==
          R"(level=warn message="it failed" path="/a b" n=1)");
    CHECK(log::render(log::Format::logfmt, log::Level::info, "x", {{"v", "a\nlevel=error"}, {"none", ""}}) ==
          R"(level=info message=x v="a\nlevel=error")");
    CHECK(log::render(log::Format::json, log::Level::error, "a \"b\"", {{"v", "\x01"}}) ==
          R"({"level":"error","message":"a \"b\"","v":"\u0001"})");
    CHECK(log::render(log::Format::json, log::Level::info, "x", {{"n", "1.5", log::Kind::number}, {"t", "1"}}) ==
          R"({"level":"info","message":"x","n":1.5,"t":"1"})");
}

TEST_CASE("secret: compares whole, whatever the lengths")
{
    const Secret secret("abc");
    CHECK(secret.equals("abc"));
    CHECK_FALSE(secret.equals("abd"));
    CHECK_FALSE(secret.equals("ab"));
    CHECK_FALSE(secret.equals("abcabc"));
    CHECK_FALSE(Secret("").equals("a"));
    CHECK(Secret("").equals(""));
}
