#pragma once

// The elements of a comma-separated field value (RFC 9110, 5.6.1), trimmed; empty ones are skipped. Pure, any thread.

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <string_view>

namespace nomadic::proxy {

inline std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class Each>
void for_each_element(std::string_view list, Each each, char separator = ',')
{
    while (!list.empty()) {
        const auto end = std::min(list.find(separator), list.size());
        if (const auto element = trim(list.substr(0, end)); !element.empty())
            each(element);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

inline bool has_element(std::string_view list, std::string_view wanted)
{
    bool found = false;
    for_each_element(list, [&](std::string_view element) { found = found || boost::beast::iequals(element, wanted); });
    return found;
}

} // namespace nomadic::proxy
