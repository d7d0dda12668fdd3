#pragma once

// Files that hold secrets. Blocks; start only.

#include "base/error.hpp"

namespace nomadic::config {

// Errc::invalid_configuration, naming `setting`, when it can't be read or is empty.
Result<std::string> read_whole_file(const std::string& path, const std::string& setting);
// Likewise, and also when others than its owner may read or write it.
Result<std::string> read_private_file(const std::string& path, const std::string& setting);

} // namespace nomadic::config
