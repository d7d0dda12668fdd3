#pragma once

// The pictures that events point to (`annotated_thumbnail_url`, the event's own or its data's). Any thread.

#include "batch/batch.hpp"
#include "batch/digest.hpp"

#include <functional>

namespace nomadic::batch {

// Calls `each` with every thumbnail URL of the video's events, repeats included.
void for_each_thumbnail(const VideoRecord& record, const std::function<void(std::string_view url)>& each);

// The URL to stand in for another, or "" to leave it as it is.
using Substitute = std::function<std::string(std::string_view url)>;
VideoRecord with_thumbnails(const VideoRecord& record, const Substitute& substitute);

// What a picture is known by: the digest of its URL without its signature.
Digest thumbnail_id(std::string_view url);

} // namespace nomadic::batch
