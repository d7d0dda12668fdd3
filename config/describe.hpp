#pragma once

// The settings for people: the effective configuration, the reference file, the manual page; all from the one table.

#include "config/load.hpp"

namespace nomadic::config {

// The effective configuration with each value's source, as TOML that can be loaded again.
std::string describe(Loaded loaded);

// A configuration file that sets nothing: every key with its default, commented out, and what it means.
std::string reference();

// The manual page nomadic-cached.toml(5), as Markdown.
std::string manual();

} // namespace nomadic::config
