#include "config/freshness_rule.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <array>

namespace nomadic::config {

namespace {

using std::chrono::seconds;

struct Time {
    std::string_view name;
    std::optional<seconds> FreshnessRule::*member;
};
constexpr std::array times{Time{"fresh_pending", &FreshnessRule::fresh_pending},
                           Time{"fresh_reviewed", &FreshnessRule::fresh_reviewed},
                           Time{"fresh_failed", &FreshnessRule::fresh_failed},
                           Time{"stale_while_revalidate", &FreshnessRule::stale_while_revalidate},
                           Time{"stale_if_error", &FreshnessRule::stale_if_error}};

std::string_view take_word(std::string_view& text)
{
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const auto word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    return word;
}

Failure wrong(std::string_view rule, const std::string& why)
{
    return {.code = Errc::invalid_configuration,
            .detail = "holds \"" + std::string(rule) + "\", " + why +
                      "; a rule is a pattern and then times, such as \"nightly-* fresh_pending=5s stale_if_error=1d\"",
            .members = {}};
}

std::string known_names()
{
    std::string names;
    for (const auto& time : times)
        names += (names.empty() ? "" : ", ") + std::string(time.name);
    return names;
}

} // namespace

Result<FreshnessRule> parse_freshness_rule(std::string_view text)
{
    auto rest = text;
    FreshnessRule rule;
    rule.pattern = take_word(rest);
    if (rule.pattern.empty() || rule.pattern.find('=') != std::string::npos)
        return wrong(text, "which begins with no pattern");
    bool any = false;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const auto equals = std::min(word.find('='), word.size());
        const auto name = word.substr(0, equals);
        const auto* time = std::find_if(times.begin(), times.end(), [&](const Time& t) { return t.name == name; });
        if (time == times.end())
            return wrong(text, "where '" + std::string(name) + "' is none of " + known_names());
        const auto value = parse_duration(word.substr(std::min(equals + 1, word.size())));
        if (!value || *value != std::chrono::floor<seconds>(*value))
            return wrong(text, "where '" + std::string(word) + "' gives no duration in whole seconds");
        rule.*(time->member) = std::chrono::floor<seconds>(*value);
        any = true;
    }
    if (!any)
        return wrong(text, "which gives no times");
    return rule;
}

bool matches_pattern(std::string_view pattern, std::string_view text)
{
    // After a mismatch the last `*` takes one character more: linear in space, and never exponential.
    std::size_t p = 0, t = 0;
    auto star = std::string_view::npos;
    std::size_t taken = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

} // namespace nomadic::config
