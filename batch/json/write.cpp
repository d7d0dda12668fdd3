#include "batch/json/write.hpp"

#include "batch/json/decimal.hpp"
#include "batch/json/scan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace nomadic::batch::json {

namespace {

// The most bytes that a byte of text becomes: \u001f.
constexpr std::size_t longest_escape = 6;
constexpr std::size_t longest_word = 5; // false

std::size_t most_bytes(std::string_view text)
{
    const auto special =
        std::count_if(text.begin(), text.end(), [](char c) { return is_special(static_cast<unsigned char>(c)); });
    return text.size() + static_cast<std::size_t>(special) * (longest_escape - 1) + 2;
}

bool is_finite(std::string_view text)
{
    constexpr std::size_t digits_of_a_double = 308;
    if (text.size() <= digits_of_a_double &&
        std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.' || c == '-'; }))
        return true;
    const auto number = to_double(text);
    return number && std::isfinite(*number);
}

std::size_t most_bytes(const Value& value)
{
    switch (value.kind()) {
    case Kind::null:
    case Kind::boolean:
        return longest_word;
    case Kind::integer:
    case Kind::real:
        return std::max(value.text().size(), longest_word);
    case Kind::string:
        return value.plain() ? value.text().size() + 2 : most_bytes(value.text());
    case Kind::array: {
        std::size_t most = 2;
        for (const auto& item : value.items())
            most += most_bytes(item) + 1;
        return most;
    }
    case Kind::object: {
        std::size_t most = 2;
        for (const auto& member : value.members())
            most += most_bytes(member.name) + most_bytes(member.value) + 2;
        return most;
    }
    }
    return 0;
}

// Writes where room for the most that may come has been made, so that no byte has to ask for it.
class Writer {
public:
    explicit Writer(char* at) : at_(at) {}
    char* end() const { return at_; }

    void value(const Value& value)
    {
        switch (value.kind()) {
        case Kind::null:
            return bytes("null");
        case Kind::boolean:
            return bytes(value.as_bool() ? "true" : "false");
        case Kind::integer:
            return bytes(value.text());
        case Kind::real:
            return bytes(is_finite(value.text()) ? value.text() : "null");
        case Kind::string:
            return value.plain() ? plain(value.text()) : string(value.text());
        case Kind::array:
            return array(value);
        case Kind::object:
            return object(value);
        }
    }

    void string(std::string_view text)
    {
        byte('"');
        const char* at = text.data();
        const char* const end = at + text.size();
        bool ignored = false;
        for (;;) {
            const char* const special = find_special(at, end, ignored);
            bytes({at, static_cast<std::size_t>(special - at)});
            if (special == end)
                break;
            escape(*special);
            at = special + 1;
        }
        byte('"');
    }

private:
    void byte(char c) { *at_++ = c; }
    void bytes(std::string_view text)
    {
        if (!text.empty())
            std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    void plain(std::string_view text)
    {
        byte('"');
        bytes(text);
        byte('"');
    }
    void array(const Value& value)
    {
        byte('[');
        bool any = false;
        for (const auto& item : value.items()) {
            if (std::exchange(any, true))
                byte(',');
            this->value(item);
        }
        byte(']');
    }
    void object(const Value& value)
    {
        byte('{');
        bool any = false;
        for (const auto& member : value.members()) {
            if (std::exchange(any, true))
                byte(',');
            this->value(member.name);
            byte(':');
            this->value(member.value);
        }
        byte('}');
    }
    void escape(char c)
    {
        switch (c) {
        case '"':
            return bytes("\\\"");
        case '\\':
            return bytes("\\\\");
        case '\b':
            return bytes("\\b");
        case '\f':
            return bytes("\\f");
        case '\n':
            return bytes("\\n");
        case '\r':
            return bytes("\\r");
        case '\t':
            return bytes("\\t");
        default:
            constexpr char digits[] = "0123456789abcdef";
            bytes("\\u00");
            byte(digits[static_cast<unsigned char>(c) >> 4]);
            byte(digits[c & 0xF]);
        }
    }

    char* at_;
};

template <class Write>
void write_within(std::size_t most, std::string& out, Write write)
{
    const auto used = out.size();
    out.resize(used + most);
    Writer writer(out.data() + used);
    write(writer);
    out.resize(static_cast<std::size_t>(writer.end() - out.data()));
}

} // namespace

void write_string(std::string_view text, std::string& out)
{
    write_within(most_bytes(text), out, [&](Writer& writer) { writer.string(text); });
}

void write(const Value& value, std::string& out)
{
    write_within(most_bytes(value), out, [&](Writer& writer) { writer.value(value); });
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
    std::string text(scientific.substr(0, mark));
    const bool negative = text.front() == '-';
    if (const auto point = text.find('.'); point != std::string::npos)
        text.erase(point, 1);
    const std::size_t first = negative ? 1 : 0;
    if (exponent < 0) {
        text.insert(first, "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0'));
        return text;
    }
    const auto whole = first + static_cast<std::size_t>(exponent) + 1;
    if (text.size() <= whole)
        return text + std::string(whole - text.size(), '0') + ".0";
    return text.insert(whole, 1, '.');
}

bool is_python_repr(std::string_view text)
{
    // As many decimal digits as any double keeps: no two such texts are one number, and none shorter is.
    constexpr std::size_t kept_digits = 15;
    if (text.starts_with('-'))
        text.remove_prefix(1);
    const auto point = text.find('.');
    if (point == 0 || point == std::string_view::npos || text.size() > kept_digits + 1)
        return false;
    const auto whole = text.substr(0, point), fraction = text.substr(point + 1);
    if (fraction.empty() || !std::all_of(whole.begin(), whole.end(), is_digit) ||
        !std::all_of(fraction.begin(), fraction.end(), is_digit))
        return false;
    if (whole.front() == '0' && (whole.size() > 1 || fraction.starts_with("0000")))
        return false;
    return fraction == "0" || fraction.back() != '0';
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
