#include "batch/python.hpp"

#include "batch/json/decimal.hpp"
#include "batch/json/utf8.hpp"
#include "batch/json/write.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nomadic::batch::python {

using json::Kind;
using json::Value;

namespace {

bool is_zero(const Value& number)
{
    return json::to_double(number.text()) == 0.0;
}

// The spaces outside ASCII.
constexpr std::array<std::string_view, 19> wide_spaces{
    "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};

bool is_ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

enum class End { front, back };

// How many bytes the space takes that stands at that end of `text`; 0: there is none.
std::size_t space_at(End end, std::string_view text)
{
    if (text.empty())
        return 0;
    const char edge = end == End::front ? text.front() : text.back();
    if (static_cast<unsigned char>(edge) < 0x80)
        return is_ascii_space(edge) ? 1 : 0;
    const auto* const found = std::find_if(wide_spaces.begin(), wide_spaces.end(), [&](std::string_view space) {
        return end == End::front ? text.starts_with(space) : text.ends_with(space);
    });
    return found == wide_spaces.end() ? 0 : found->size();
}

// The ranges that str.isprintable() refuses, and that repr() therefore escapes: controls, formats, private use,
// surrogates, and every space but U+0020.
bool is_printable(std::uint32_t code)
{
    struct Range {
        std::uint32_t first, last;
    };
    static constexpr std::array refused{
        Range{0x00, 0x1F},     Range{0x7F, 0xA0},       Range{0xAD, 0xAD},        Range{0x600, 0x605},
        Range{0x61C, 0x61C},   Range{0x6DD, 0x6DD},     Range{0x70F, 0x70F},      Range{0x1680, 0x1680},
        Range{0x180E, 0x180E}, Range{0x2000, 0x200F},   Range{0x2028, 0x202F},    Range{0x205F, 0x206F},
        Range{0x3000, 0x3000}, Range{0xD800, 0xF8FF},   Range{0xFEFF, 0xFEFF},    Range{0xFFF0, 0xFFFB},
        Range{0xFFFE, 0xFFFF}, Range{0xE0000, 0xE0FFF}, Range{0xF0000, 0x10FFFF},
    };
    return std::none_of(refused.begin(), refused.end(),
                        [code](const Range& range) { return code >= range.first && code <= range.last; });
}

void append_hex(std::uint32_t code, int digits, std::string& out)
{
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        out += "0123456789abcdef"[code >> shift & 0xF];
}

void repr_character(std::uint32_t code, char quote, std::string& out)
{
    if (code == static_cast<unsigned char>(quote) || code == '\\') {
        out += '\\';
        out += static_cast<char>(code);
    } else if (code == '\n')
        out += "\\n";
    else if (code == '\r')
        out += "\\r";
    else if (code == '\t')
        out += "\\t";
    else if (is_printable(code)) {
        char bytes[4];
        out.append(bytes, json::encode_utf8(code, bytes));
    } else if (code < 0x100) {
        out += "\\x";
        append_hex(code, 2, out);
    } else if (code < 0x10000) {
        out += "\\u";
        append_hex(code, 4, out);
    } else {
        out += "\\U";
        append_hex(code, 8, out);
    }
}

void repr(const Value& value, std::string& out)
{
    if (!value.is_string())
        return str(value, out);
    auto text = value.text();
    const bool has_single = text.find('\'') != std::string_view::npos;
    const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
    out += quote;
    while (!text.empty())
        repr_character(json::next_code_point(text), quote, out);
    out += quote;
}

} // namespace

bool truth(const Value& value)
{
    switch (value.kind()) {
    case Kind::null:
        return false;
    case Kind::boolean:
        return value.as_bool();
    case Kind::integer:
    case Kind::real:
        return !is_zero(value);
    case Kind::string:
        return !value.text().empty();
    case Kind::array:
        return !value.items().empty();
    case Kind::object:
        return !value.members().empty();
    }
    return false;
}

void str(const Value& value, std::string& out)
{
    bool first = true;
    const auto separate = [&] {
        if (!first)
            out += ", ";
        first = false;
    };
    switch (value.kind()) {
    case Kind::null:
        out += "None";
        return;
    case Kind::boolean:
        out += value.as_bool() ? "True" : "False";
        return;
    case Kind::integer:
    case Kind::string:
        out += value.text();
        return;
    case Kind::real:
        if (json::is_python_repr(value.text()))
            out += value.text();
        else
            out += json::python_repr(to_float(value).value_or(0.0));
        return;
    case Kind::array:
        out += '[';
        for (const auto& item : value.items()) {
            separate();
            repr(item, out);
        }
        out += ']';
        return;
    case Kind::object:
        out += '{';
        for (const auto& member : value.members()) {
            separate();
            repr(member.name, out);
            out += ": ";
            repr(member.value, out);
        }
        out += '}';
        return;
    }
}

std::string str(const Value& value)
{
    std::string out;
    str(value, out);
    return out;
}

std::optional<double> to_float(const Value& value)
{
    switch (value.kind()) {
    case Kind::boolean:
        return value.as_bool() ? 1.0 : 0.0;
    case Kind::integer: {
        // An int beyond the range of a float raises OverflowError; a float literal beyond it is an infinity.
        const auto number = to_float(value.text());
        return number && std::isinf(*number) ? std::nullopt : number;
    }
    case Kind::real:
    case Kind::string:
        return to_float(value.text());
    case Kind::null:
    case Kind::array:
    case Kind::object:
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<double> to_float(std::string_view text)
{
    text = strip(text);
    const auto in_a_decimal = [](char c) {
        return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '-';
    };
    if (std::all_of(text.begin(), text.end(), in_a_decimal))
        return json::to_double(text);
    std::string digits;
    // An underscore may stand between two digits.
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto is_digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
        if (text[i] != '_')
            digits += text[i];
        else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1))
            return std::nullopt;
    }
    std::string_view number = digits;
    bool negative = false;
    if (!number.empty() && (number.front() == '+' || number.front() == '-')) {
        negative = number.front() == '-';
        number.remove_prefix(1);
    }
    if (number.empty() || number.front() == '+' || number.front() == '-')
        return std::nullopt;
    const auto name = lower(number);
    const double sign = negative ? -1.0 : 1.0;
    if (name == "inf" || name == "infinity")
        return sign * HUGE_VAL;
    if (name == "nan")
        return std::nan("");
    if (name.find_first_not_of("0123456789.e+-") != std::string::npos)
        return std::nullopt;
    const auto value = json::to_double(name);
    return value ? std::optional(sign * *value) : std::nullopt;
}

Value to_real(const Value& value, json::Arena& arena)
{
    if (value.kind() == Kind::real || value.is_string())
        if (const auto text = strip(value.text()); json::is_python_repr(text))
            return Value::real(text);
    const auto number = to_float(value);
    return number ? Value::real(*number, arena) : Value{};
}

bool equal(const Value& a, const Value& b)
{
    const auto is_number = [](const Value& value) { return value.is_number() || value.kind() == Kind::boolean; };
    if (is_number(a) && is_number(b)) {
        if (a.kind() == Kind::integer && b.kind() == Kind::integer)
            return a.text() == b.text(); // exact, beyond what a double holds
        return to_float(a) == to_float(b);
    }
    if (a.kind() != b.kind())
        return false;
    return a.is_string() ? a.text() == b.text() : str(a) == str(b);
}

double floor_divide(double a, double b)
{
    const double remainder = std::fmod(a, b);
    double quotient = (a - remainder) / b;
    if (remainder != 0.0 && (b < 0) != (remainder < 0))
        quotient -= 1.0;
    double floored = std::floor(quotient);
    if (quotient - floored > 0.5)
        floored += 1.0;
    return floored;
}

double modulo(double a, double b)
{
    const double remainder = std::fmod(a, b);
    return remainder != 0.0 && (b < 0) != (remainder < 0) ? remainder + b : remainder;
}

std::string_view strip(std::string_view text)
{
    while (const auto space = space_at(End::front, text))
        text.remove_prefix(space);
    while (const auto space = space_at(End::back, text))
        text.remove_suffix(space);
    return text;
}

std::string lower(std::string_view text)
{
    std::string lowered(text);
    std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lowered;
}

} // namespace nomadic::batch::python
