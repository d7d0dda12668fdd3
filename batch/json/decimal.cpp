#include "batch/json/decimal.hpp"

#include <charconv>
#include <cstdlib>
#include <string>

namespace nomadic::batch::json {

std::optional<double> to_double(std::string_view decimal)
{
    double value = 0;
    const auto* const last = decimal.data() + decimal.size();
    const auto [end, error] = std::from_chars(decimal.data(), last, value);
    if (end != last || error == std::errc::invalid_argument)
        return std::nullopt;
    // Whether it is too large or too small only strtod tells.
    if (error == std::errc::result_out_of_range)
        return std::strtod(std::string(decimal).c_str(), nullptr);
    return value;
}

} // namespace nomadic::batch::json
