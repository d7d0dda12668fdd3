#include "batch/json/write.hpp"

#include "batch/json/scan.hpp"

#include <charconv>
#include <cmath>

namespace nomadic::batch::json {

namespace {

void write_escape(char c, std::string& out)
{
    switch (c) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\b':
        out += "\\b";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        constexpr char digits[] = "0123456789abcdef";
        out += "\\u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[c & 0xF];
    }
}

void write_real(std::string_view text, std::string& out)
{
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    // Out of range is an infinity to Python when too large, and zero when too small; from_chars leaves it at that.
    if (error == std::errc::result_out_of_range)
        number =
            text.find("e-") == std::string_view::npos && text.find("E-") == std::string_view::npos ? HUGE_VAL : 0.0;
    if (error == std::errc::invalid_argument || !std::isfinite(number))
        out += "null";
    else
        out += text;
}

} // namespace

void write_string(std::string_view text, std::string& out)
{
    out += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    bool ignored = false;
    for (;;) {
        const char* const special = find_special(at, end, ignored);
        out.append(at, special);
        if (special == end)
            break;
        write_escape(*special, out);
        at = special + 1;
    }
    out += '"';
}

void write(const Value& value, std::string& out)
{
    bool first = true;
    const auto separate = [&] {
        if (!first)
            out += ',';
        first = false;
    };
    switch (value.kind()) {
    case Kind::null:
        out += "null";
        return;
    case Kind::boolean:
        out += value.as_bool() ? "true" : "false";
        return;
    case Kind::integer:
        out += value.text();
        return;
    case Kind::real:
        write_real(value.text(), out);
        return;
    case Kind::string:
        if (value.plain()) {
            out += '"';
            out += value.text();
            out += '"';
        } else
            write_string(value.text(), out);
        return;
    case Kind::array:
        out += '[';
        for (const auto& item : value.items()) {
            separate();
            write(item, out);
        }
        out += ']';
        return;
    case Kind::object:
        out += '{';
        for (const auto& member : value.members()) {
            separate();
            write(member.name, out);
            out += ':';
            write(member.value, out);
        }
        out += '}';
        return;
    }
}

std::string python_repr(double number)
{
    if (std::isnan(number))
        return "nan";
    if (std::isinf(number))
        return number < 0 ? "-inf" : "inf";
    char buffer[64];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
    std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
    const auto mark = scientific.find('e');
    int exponent = 0;
    const auto* digits = scientific.data() + mark + 1;
    std::from_chars(*digits == '+' ? digits + 1 : digits, end, exponent);
    // Python's repr leaves positional notation at these two exponents.
    if (exponent < -4 || exponent >= 16)
        return std::string(scientific);
    const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
    std::string text(buffer, fixed.ptr);
    if (text.find('.') == std::string::npos)
        text += ".0";
    return text;
}

Value Value::real(double number, Arena& arena)
{
    // The names that read() gives these, so that a value built here is written like one that was read.
    if (std::isnan(number))
        return real("NaN");
    if (std::isinf(number))
        return real(number < 0 ? "-Infinity" : "Infinity");
    return real(arena.keep(python_repr(number)));
}

} // namespace nomadic::batch::json
