#pragma once

// One entry of cache.freshness_rules: other times for the batches whose id matches a pattern. Any thread.

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace nomadic::config {

struct FreshnessRule {
    std::string pattern; // `*` stands for any text, `?` for any character
    std::optional<std::chrono::seconds> fresh_pending, fresh_reviewed, fresh_failed, stale_while_revalidate,
        stale_if_error;
};

// "PATTERN NAME=DURATION ..."; what is wrong with it is said so that it can follow the setting's name.
Result<FreshnessRule> parse_freshness_rule(std::string_view text);

bool matches_pattern(std::string_view pattern, std::string_view text);

} // namespace nomadic::config
