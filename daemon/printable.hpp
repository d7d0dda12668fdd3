#pragma once

// Texts of others for a terminal. Any thread.

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace nomadic::daemon {

// An id or a label may hold anything; a terminal must not obey it.
inline std::string printable(std::string text)
{
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = '?';
    return text;
}

// A member as it is printed: a text as it is, anything else as JSON, "" when there is none.
inline std::string text_of(const boost::json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    if (value == nullptr)
        return {};
    return printable(value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value));
}

} // namespace nomadic::daemon
