#pragma once

// Writes compact JSON (RFC 8259) in UTF-8: what needs no escape is not escaped, NaN and infinities are null, numbers
// keep their text. Appends to `out`.

#include "batch/json/value.hpp"

#include <string>

namespace nomadic::batch::json {

void write(const Value& value, std::string& out);
void write_string(std::string_view text, std::string& out);

// A number in Python's shortest form that reads back as the same double: 0.85, 1758310.0, 1e-05, 1e+16, nan, inf.
std::string python_repr(double number);

// Whether a number's text is what python_repr() makes of it. May say no where it is: for texts of few digits and
// without an exponent, this is cheaper than to find out.
bool is_python_repr(std::string_view text);

} // namespace nomadic::batch::json
