// Reading and writing one setting's value.

#include "base/units.hpp"
#include "config/table.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <charconv>

namespace nomadic::config {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string quoted(std::string_view text)
{
    return boost::json::serialize(boost::json::value(text)); // a JSON string is a TOML basic string
}

std::string in_words(std::span<const std::string_view> names)
{
    std::string words;
    for (const auto name : names)
        words += (words.empty() ? "" : ", ") + quoted(name);
    return words;
}

std::string wrong(const Setting& setting, std::string_view given)
{
    return "is " + std::string(given) + ", but must be " + allowed(setting);
}

bool within(const Setting& setting, std::uint64_t value)
{
    return value >= setting.least && value <= setting.most;
}

template <class Duration>
bool take_duration(const Setting& setting, std::string_view text, Duration& out)
{
    const auto value = parse_duration(text);
    if (!value || !within(setting, static_cast<std::uint64_t>(value->count())) ||
        *value != std::chrono::duration_cast<Duration>(*value))
        return false;
    out = std::chrono::duration_cast<Duration>(*value);
    return true;
}

bool take_size(const Setting& setting, std::string_view text, std::uint64_t& out)
{
    const auto value = parse_size(text);
    if (value && within(setting, *value))
        out = *value;
    return value && within(setting, *value);
}

bool take_number(const Setting& setting, std::string_view text, std::uint32_t& out)
{
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !within(setting, value))
        return false;
    out = value;
    return true;
}

bool take_choice(const Choice& choice, std::string_view text)
{
    for (std::size_t i = 0; i < choice.names.size(); ++i)
        if (choice.names[i] == text) {
            choice.set(i);
            return true;
        }
    return false;
}

std::vector<std::string> split(std::string_view text)
{
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = text.find(',');
        if (const auto part = text.substr(0, comma); !part.empty())
            parts.emplace_back(part);
        text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    }
    return parts;
}

std::string duration_range(const Setting& setting)
{
    return "a duration such as \"500ms\", \"60s\", \"24h\" or \"7d\", from " +
           format_duration(milliseconds(setting.least)) + " to " + format_duration(milliseconds(setting.most));
}

} // namespace

std::string allowed(const Setting& setting)
{
    Settings defaults;
    return std::visit(Overloaded{
                          [](std::string*) { return std::string("a text"); },
                          [](std::vector<std::string>*) { return std::string("a text or an array of texts"); },
                          [](bool*) { return std::string("true or false"); },
                          [&](std::uint32_t*) {
                              return "a whole number from " + std::to_string(setting.least) + " to " +
                                     std::to_string(setting.most);
                          },
                          [&](Size) {
                              return "a number of bytes or a size such as \"2 GiB\", from " +
                                     format_size(setting.least) + " to " + format_size(setting.most);
                          },
                          [&](milliseconds*) { return duration_range(setting); },
                          [&](seconds*) { return duration_range(setting) + ", in whole seconds"; },
                          [](const Choice& choice) { return "one of " + in_words(choice.names); },
                      },
                      setting.slot(defaults));
}

std::string value_text(const Setting& setting, Settings& settings)
{
    return std::visit(Overloaded{
                          [](std::string* text) { return quoted(*text); },
                          [&](std::vector<std::string>* list) {
                              std::string text;
                              for (const auto& item : *list)
                                  text += (text.empty() ? "" : ", ") + quoted(setting.secret ? "***" : item);
                              return "[" + text + "]";
                          },
                          [](bool* value) { return std::string(*value ? "true" : "false"); },
                          [](std::uint32_t* number) { return std::to_string(*number); },
                          [](Size size) { return quoted(format_size(*size.bytes)); },
                          [](milliseconds* duration) { return quoted(format_duration(*duration)); },
                          [](seconds* duration) { return quoted(format_duration(*duration)); },
                          [](const Choice& choice) { return quoted(choice.names[choice.get()]); },
                      },
                      setting.slot(settings));
}

std::string assign(const Setting& setting, Settings& settings, std::string_view text)
{
    const bool taken = std::visit(Overloaded{
                                      [&](std::string* out) {
                                          *out = text;
                                          return true;
                                      },
                                      [&](std::vector<std::string>* out) {
                                          *out = split(text);
                                          return true;
                                      },
                                      [&](bool* out) {
                                          *out = text == "true";
                                          return text == "true" || text == "false";
                                      },
                                      [&](std::uint32_t* out) { return take_number(setting, text, *out); },
                                      [&](Size out) { return take_size(setting, text, *out.bytes); },
                                      [&](milliseconds* out) { return take_duration(setting, text, *out); },
                                      [&](seconds* out) { return take_duration(setting, text, *out); },
                                      [&](const Choice& choice) { return take_choice(choice, text); },
                                  },
                                  setting.slot(settings));
    return taken ? "" : wrong(setting, quoted(text));
}

std::string assign(const Setting& setting, Settings& settings, std::int64_t number)
{
    const auto slot = setting.slot(settings);
    const bool numeric = std::holds_alternative<std::uint32_t*>(slot) || std::holds_alternative<Size>(slot);
    if (!numeric || !assign(setting, settings, std::string_view(std::to_string(number))).empty())
        return wrong(setting, std::to_string(number));
    return {};
}

std::string assign(const Setting& setting, Settings& settings, bool value)
{
    auto slot = setting.slot(settings);
    if (auto* const* out = std::get_if<bool*>(&slot)) {
        **out = value;
        return {};
    }
    return wrong(setting, value ? "true" : "false");
}

std::string assign(const Setting& setting, Settings& settings, std::vector<std::string> list)
{
    auto slot = setting.slot(settings);
    if (auto* const* out = std::get_if<std::vector<std::string>*>(&slot)) {
        **out = std::move(list);
        return {};
    }
    return wrong(setting, "an array");
}

} // namespace nomadic::config
