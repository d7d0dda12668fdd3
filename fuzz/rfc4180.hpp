#pragma once

// Reads CSV by RFC 4180 and by nothing else: what the writer's output is held against. It shares no code with it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nomadic::fuzz {

using Rows = std::vector<std::vector<std::string>>;

// One field off the front, and the separator after it (`last` when that was the end of the line); nothing when the text
// is not CSV.
inline std::optional<std::string> take_csv_field(std::string_view& text, bool& last)
{
    std::string field;
    if (text.starts_with('"')) {
        text.remove_prefix(1);
        for (;;) {
            const auto quote = text.find('"');
            if (quote == std::string_view::npos)
                return std::nullopt;
            field += text.substr(0, quote);
            text.remove_prefix(quote + 1);
            if (!text.starts_with('"'))
                break;
            field += '"';
            text.remove_prefix(1);
        }
    } else {
        const auto end = text.find_first_of(",\"\r\n");
        field = text.substr(0, end);
        text.remove_prefix(field.size());
    }
    last = text.starts_with("\r\n");
    if (!last && !text.starts_with(','))
        return std::nullopt;
    text.remove_prefix(last ? 2 : 1);
    return field;
}

inline std::optional<Rows> read_csv(std::string_view text)
{
    Rows rows;
    while (!text.empty()) {
        auto& row = rows.emplace_back();
        for (bool last = false; !last;) {
            auto field = take_csv_field(text, last);
            if (!field)
                return std::nullopt;
            row.push_back(std::move(*field));
        }
    }
    return rows;
}

} // namespace nomadic::fuzz
