#pragma once

// The settings for people: the effective configuration with each value's source, as TOML that can be loaded again.

#include "config/load.hpp"

namespace nomadic::config {

std::string describe(Loaded loaded);

} // namespace nomadic::config
