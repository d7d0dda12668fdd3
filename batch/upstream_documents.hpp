#pragma once

// Upstream's own documents, put together again from what is stored: what the official clients are given. Any thread.

#include "batch/batch.hpp"

#include <span>

namespace nomadic::batch {

// The status document without its `videos`, as `?include_videos=false` gives it.
std::string without_videos(const StatusDocument& status);

enum class SourceUri { left_out, included };

// An answer to `analyses/bulk`. `items` are the stored items of the `asked` videos: "" where upstream had none, empty
// where the batch has no such video. Each video is answered once.
std::string bulk_document(const StatusDocument& status, std::span<const std::string> asked,
                          std::span<const std::optional<std::string>> items, SourceUri source_uri);

} // namespace nomadic::batch
