#pragma once

// Texts of others for a terminal. Any thread.

#include <string>

namespace nomadic::daemon {

// An id or a label may hold anything; a terminal must not obey it.
inline std::string printable(std::string text)
{
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = '?';
    return text;
}

} // namespace nomadic::daemon
