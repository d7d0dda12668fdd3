#pragma once

// Content digests: what is equal is stored once and has one entity tag. SHA-256; parts are hashed with their lengths,
// so that no two lists of parts can be made to collide by moving bytes between them. Any thread.

#include "batch/batch.hpp"

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace nomadic::batch {

using Digest = std::array<unsigned char, 32>;

Digest digest_of(std::initializer_list<std::string_view> parts);
Digest digest_of(const VideoRecord& record);
// Of everything in one state of a batch: `records` are the digests of its videos' records, in the status document's
// order, one behind the other.
Digest snapshot_digest(std::string_view status, std::string_view metadata, std::string_view records);
std::string to_hex(const Digest& digest);
std::optional<Digest> digest_from_hex(std::string_view hex); // 64 digits, lower case

} // namespace nomadic::batch
