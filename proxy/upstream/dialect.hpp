#pragma once

// How the upstream is asked for analyses: one file per generation of its API. Pure: encodes requests, decodes bytes.

#include "batch/parse.hpp"
#include "proxy/upstream/upstream.hpp"

#include <span>

namespace nomadic::proxy {

// An upstream may leave out the videos unless it is asked for them.
enum class Videos { as_usual, asked_for };
SmallRequest status_request(std::string_view batch_id, Videos videos);

// Dialect A: `POST /api/batch/{id}/analyses/bulk`, chunk by chunk.
namespace bulk {
SmallRequest request(std::string_view batch_id, std::span<const batch::VideoPointer> asked);
}

// Dialect B: `POST /api/batch/{id}/filter_batch`, all at once.
namespace filter_batch {
SmallRequest request(std::string_view batch_id);
}

// What upstream's error document says: `detail` (a text, or a list of `{loc, msg}`), else `message`, else `error`; ""
// when it says nothing.
std::string message_of(std::string_view body);

} // namespace nomadic::proxy
