#include "batch/timestamp.hpp"

#include "batch/python.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace nomadic::batch {

namespace {

constexpr auto unreadable = "00:00";

std::string two_digits(const std::string& digits)
{
    return digits.size() < 2 ? std::string(2 - digits.size(), '0') + digits : digits;
}

std::string whole_digits(double number)
{
    char buffer[400]; // the largest double has 309 digits
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, 0);
    return {buffer, end};
}

void append_two_digits(std::uint64_t number, std::string& out)
{
    if (number < 10)
        out += '0';
    out += std::to_string(number);
}

std::string truncated(std::uint64_t seconds)
{
    std::string text;
    if (seconds >= 3600) {
        append_two_digits(seconds / 3600, text);
        text += ':';
    }
    append_two_digits(seconds % 3600 / 60, text);
    text += ':';
    append_two_digits(seconds % 60, text);
    return text;
}

std::string truncated(double seconds)
{
    constexpr double exact_integers = 1e15;
    if (seconds >= 0 && seconds < exact_integers)
        return truncated(static_cast<std::uint64_t>(seconds));
    const double hours = std::trunc(python::floor_divide(seconds, 3600));
    const double minutes = std::trunc(python::floor_divide(python::modulo(seconds, 3600), 60));
    const double rest = std::trunc(python::modulo(seconds, 60));
    const std::string tail = two_digits(whole_digits(minutes)) + ":" + two_digits(whole_digits(rest));
    return hours > 0 ? two_digits(whole_digits(hours)) + ":" + tail : tail;
}

// A decimal text taken apart: 1.25e1 is whole "12", fraction "5".
struct Decimal {
    std::string whole, fraction;
    bool negative = false;
};

Decimal decimal_of(std::string_view text)
{
    Decimal decimal;
    std::string digits;
    std::ptrdiff_t point = -1;
    long exponent = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '-' && digits.empty())
            decimal.negative = true;
        else if (c >= '0' && c <= '9')
            digits += c;
        else if (c == '.')
            point = static_cast<std::ptrdiff_t>(digits.size());
        else if (c == 'e' || c == 'E') {
            const auto start = i + (i + 1 < text.size() && text[i + 1] == '+' ? 2 : 1);
            std::from_chars(text.data() + start, text.data() + text.size(), exponent);
            break;
        }
    }
    auto places = (point < 0 ? static_cast<long>(digits.size()) : static_cast<long>(point)) + exponent;
    if (places > static_cast<long>(digits.size()))
        digits.append(static_cast<std::size_t>(places) - digits.size(), '0');
    if (places < 0) {
        digits.insert(0, static_cast<std::size_t>(-places), '0');
        places = 0;
    }
    decimal.whole = digits.substr(0, static_cast<std::size_t>(places));
    decimal.fraction = digits.substr(static_cast<std::size_t>(places));
    return decimal;
}

// Long division: what is left in `digits` is the quotient; returns the remainder.
unsigned divide(std::string& digits, unsigned divisor)
{
    unsigned remainder = 0;
    for (auto& digit : digits) {
        remainder = remainder * 10 + static_cast<unsigned>(digit - '0');
        digit = static_cast<char>('0' + remainder / divisor);
        remainder %= divisor;
    }
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    return remainder;
}

std::string exact(std::string_view text)
{
    Decimal decimal = decimal_of(text);
    const bool zero = (decimal.whole + decimal.fraction).find_first_not_of('0') == std::string::npos;
    if (decimal.negative && !zero)
        return unreadable;
    const bool point = !decimal.fraction.empty();
    decimal.fraction.erase(decimal.fraction.find_last_not_of('0') + 1);
    std::string minutes = decimal.whole;
    std::string suffix = two_digits(std::to_string(divide(minutes, 60)));
    if (point)
        suffix += "." + decimal.fraction;
    std::string hours = minutes;
    const unsigned minute = divide(hours, 60);
    if (!hours.empty())
        return two_digits(hours) + ":" + two_digits(std::to_string(minute)) + ":" + suffix;
    return two_digits(minutes) + ":" + suffix;
}

} // namespace

std::string video_timestamp(std::string_view time, Fraction fraction)
{
    if (time.starts_with("t="))
        time.remove_prefix(2);
    const auto seconds = python::to_float(time);
    if (!seconds || !std::isfinite(*seconds))
        return unreadable;
    return fraction == Fraction::kept ? exact(python::strip(time)) : truncated(*seconds);
}

double timestamp_seconds(std::string_view timestamp)
{
    if (timestamp.empty())
        return 0;
    double seconds = 0;
    for (;;) {
        const auto colon = timestamp.find(':');
        const auto part = python::to_float(timestamp.substr(0, colon));
        if (!part)
            return 0;
        seconds = seconds * 60 + *part;
        if (colon == std::string_view::npos)
            return seconds;
        timestamp.remove_prefix(colon + 1);
    }
}

} // namespace nomadic::batch
