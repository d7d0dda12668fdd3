#pragma once

// Decimals as Python's float() reads them. Pure.

#include <optional>
#include <string_view>

namespace nomadic::batch::json {

// All of the text; empty when it is no decimal. What is too large is an infinity, and what is too small is zero.
std::optional<double> to_double(std::string_view decimal);

} // namespace nomadic::batch::json
