#pragma once

// Files that are whole or not there: a checksum at the end, and a rename once everything is on the disk. Blocks.

#include "base/error.hpp"

#include <string>

namespace nomadic::cache {

// Appends the SHA-256 of all bytes of the file, 32 bytes.
Result<void> append_checksum(const std::string& path);
// Whether the file ends with the SHA-256 of all that comes before.
Result<bool> has_checksum(const std::string& path);

// Fails when something other than a file has that name: a device, a pipe, a link or a directory would be replaced, not
// written to.
Result<void> check_replaceable(const std::string& target);
// Makes `path` durable and gives it the name `target`, whatever file had it before.
Result<void> replace_file(const std::string& path, const std::string& target);

} // namespace nomadic::cache
