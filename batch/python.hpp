#pragma once

// The few rules of Python that the official clients' results depend on: truth, str(), float(). Any thread.

#include "batch/json/value.hpp"

#include <optional>
#include <string>

namespace nomadic::batch::python {

bool truth(const json::Value& value);

// str(value). Appends. A container prints as its repr(), as print() would show it.
void str(const json::Value& value, std::string& out);
std::string str(const json::Value& value);

// float(value); empty where Python raises (a container, a null, a text that is no number, an int too large).
std::optional<double> to_float(const json::Value& value);
std::optional<double> to_float(std::string_view text);
// The same as a JSON number; null in place of empty. Lives as long as `value` and the arena.
json::Value to_real(const json::Value& value, json::Arena& arena);

// a == b: numbers and booleans by value, whatever their kinds.
bool equal(const json::Value& a, const json::Value& b);

// a // b and a % b for floats.
double floor_divide(double a, double b);
double modulo(double a, double b);

std::string_view strip(std::string_view text);
std::string lower(std::string_view text); // ASCII letters; others stay as they are

} // namespace nomadic::batch::python
