#include "proxy/http/exposition.hpp"

#include <algorithm>
#include <charconv>

namespace nomadic::proxy {

namespace {

void append_number(double value, std::string& text)
{
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text.append(digits.data(), end);
}

void append_escaped(std::string_view value, std::string& text)
{
    for (const char c : value) {
        if (c == '\\' || c == '"')
            text += '\\';
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
}

} // namespace

void Histogram::observe(double seconds)
{
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), seconds);
    ++counts_.at(static_cast<std::size_t>(bound - bounds.begin()));
    sum_ += seconds;
}

void Exposition::family(std::string_view name, std::string_view type, std::string_view help)
{
    name_ = name;
    for (const auto& [keyword, rest] : {std::pair{"# HELP ", help}, std::pair{"# TYPE ", type}}) {
        text_ += keyword;
        text_ += name;
        text_ += ' ';
        text_ += rest;
        text_ += '\n';
    }
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view upper_bound, double value)
{
    text_ += name_;
    text_ += suffix;
    char separator = '{';
    const auto label = [&](std::string_view name, std::string_view text) {
        text_ += std::exchange(separator, ',');
        text_ += name;
        text_ += "=\"";
        append_escaped(text, text_);
        text_ += '"';
    };
    for (const auto& [name, text] : labels)
        label(name, text);
    if (!upper_bound.empty())
        label("le", upper_bound);
    text_ += separator == ',' ? "} " : " ";
    append_number(value, text_);
    text_ += '\n';
}

void Exposition::sample(Labels labels, const Histogram& histogram)
{
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < Histogram::bounds.size(); ++i) {
        std::string bound;
        append_number(Histogram::bounds.at(i), bound);
        total += histogram.counts_.at(i);
        line("_bucket", labels, bound, static_cast<double>(total));
    }
    total += histogram.counts_.back();
    line("_bucket", labels, "+Inf", static_cast<double>(total));
    line("_sum", labels, {}, histogram.sum_);
    line("_count", labels, {}, static_cast<double>(total));
}

} // namespace nomadic::proxy
