#pragma once

// The one table of settings: a row for each, with its name, what it means, its range, and where its value lives. The
// loader, the reference, the man page and the command line all come from here. Any thread.

#include "config/settings.hpp"

#include <functional>
#include <span>
#include <string_view>
#include <variant>

namespace nomadic::config {

// One of a few words.
struct Choice {
    std::span<const std::string_view> names;
    std::function<std::size_t()> get;
    std::function<void(std::size_t)> set;
};

struct Size {
    std::uint64_t* bytes;
};

// Where a row's value lives in a given Settings.
using Slot =
    std::variant<std::string*, std::vector<std::string>*, bool*, std::uint32_t*, Size, milliseconds*, seconds*, Choice>;

struct Setting {
    std::string_view table, key;
    std::string_view help; // one line, what it does
    Slot (*slot)(Settings&);
    // Of a number, of bytes, or of milliseconds.
    std::uint64_t least = 0, most = UINT64_MAX;
    bool secret = false; // shown only as how many there are

    std::string name() const { return std::string(table) + "." + std::string(key); }
    std::string environment() const; // NOMADIC_CACHED_SERVER_LISTEN
    std::string flag() const;        // --server-listen
};

std::span<const Setting> settings_table();
const Setting* find_setting(std::string_view name); // "server.listen"; null when there is none

// What may be written, in words: "a duration such as \"60s\", from 1s to 7d".
std::string allowed(const Setting& setting);
// The value as TOML.
std::string value_text(const Setting& setting, Settings& settings);

// Sets the value from a text (command line, environment); lists are separated by commas. Empty on success, else what is
// wrong with it.
std::string assign(const Setting& setting, Settings& settings, std::string_view text);
std::string assign(const Setting& setting, Settings& settings, std::int64_t number);
std::string assign(const Setting& setting, Settings& settings, bool value);
std::string assign(const Setting& setting, Settings& settings, std::vector<std::string> list);

} // namespace nomadic::config
