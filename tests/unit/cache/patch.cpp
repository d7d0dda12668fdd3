#include "cache/sqlite/patch.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace nomadic::cache::sqlite;

TEST_CASE("patch: leads from one text to the other, whatever they are")
{
    std::mt19937_64 random(7);
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const auto text = [&](std::size_t most, std::size_t letters) {
        std::string made(below(most + 1), ' ');
        for (auto& c : made)
            c = static_cast<char>('a' + below(letters));
        return made;
    };
    for (int round = 0; round < 3000; ++round) {
        const auto from = text(400, 1 + below(26));
        auto to = below(4) == 0 ? text(400, 26) : from;
        for (auto edits = below(5); edits > 0; --edits)
            to.replace(below(to.size() + 1), below(20), text(20, 26));
        const auto patch = make_patch(from, to);
        REQUIRE(apply_patch(from, patch) == to);
    }
    CHECK(make_patch("same", "same").empty());
    CHECK(apply_patch("", make_patch("", "all new")) == "all new");
    CHECK(apply_patch("all old", make_patch("all old", "")) == "");
}

TEST_CASE("patch: a word that changes costs little more than the word")
{
    const std::string from = std::string(5000, 'x') + R"("approval":"pending")" + std::string(5000, 'y') +
                             R"("approval":"approved")" + std::string(100, 'z');
    auto to = from;
    to.replace(to.find("pending"), 7, "approved");
    CHECK(make_patch(from, to).size() < 16);
}

TEST_CASE("patch: what is none, or was made for another text, is seen or gives another text; it never reads beyond")
{
    std::mt19937_64 random(11);
    const std::string from(300, 'a');
    for (int round = 0; round < 20'000; ++round) {
        std::string patch(random() % 12, ' ');
        for (auto& c : patch)
            c = static_cast<char>(random());
        if (const auto to = apply_patch(from, patch))
            REQUIRE(to->size() <= from.size() + patch.size());
    }
    CHECK_FALSE(apply_patch("ab", "\x05").has_value());
    std::string_view endless("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    CHECK_FALSE(take_number(endless).has_value());
}
