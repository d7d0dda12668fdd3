#include "batch/filter.hpp"
#include "batch/fold_case.hpp"

#include <doctest/doctest.h>

using namespace nomadic::batch;

TEST_CASE("fold_case: letters of any script lose their case, everything else stays byte for byte")
{
    CHECK(fold_case("Near MISS, 12%") == "near miss, 12%");
    CHECK(fold_case("ÉCOLE Straße ΑΘΗΝΑ ПОВОРОТ") == "école straße αθηνα поворот");
    CHECK(fold_case("横断歩道 🚸") == "横断歩道 🚸");
    CHECK(fold_case("\xFF\xC3(A\xE2\x82") == "\xFF\xC3(a\xE2\x82");
    CHECK(fold_case("").empty());
}

TEST_CASE("narrowing: q finds text whatever its case")
{
    const Narrowing narrowing{.q = {"école"}};
    EventFacts event;
    event.ai_analysis = "Devant l'ÉCOLE";
    CHECK(narrowing.matches(event));
    event.ai_analysis = "Devant l'ecole";
    CHECK_FALSE(narrowing.matches(event));
}

TEST_CASE("narrowing: of several texts one is enough")
{
    const Narrowing narrowing{.q = {"STOP", "yield"}};
    EventFacts event;
    event.label = "Missed Yield sign";
    CHECK(narrowing.matches(event));
    event.label = "Lane change";
    CHECK_FALSE(narrowing.matches(event));
    event.category = "stop line";
    CHECK(narrowing.matches(event));
}

TEST_CASE("selection: neither order nor repetition of values makes another selection")
{
    const auto text = [](const Narrowing& narrowing) { return Selection{.narrowing = narrowing}.canonical(); };
    CHECK(text({.q = {"a", "b"}}) == text({.q = {"B", "a", "A"}}));
    CHECK(text({.category = {"a", "b"}}) == text({.category = {"b", "a", "b"}}));
    CHECK(text({.q = {"a", "b"}}) != text({.q = {"ab"}}));
    CHECK(text({.q = {"a"}}) != text({.video_id = {"a"}}));
}

TEST_CASE("selection: what picks other events has another canonical text")
{
    const auto text = [](double least) { return Selection{.narrowing = {.min_confidence = least}}.canonical(); };
    CHECK(text(0.85) != text(0.8500000001));
    CHECK(text(0) != text(1e-9));
    CHECK(text(0.5) == text(0.50));
}
