#pragma once

// What a request for an analysis asks for, from its query and its Accept. Pure, any thread.

#include "batch/render.hpp"
#include "cache/store.hpp"
#include "proxy/http/message.hpp"

namespace nomadic::proxy {

struct AnalysisQuery {
    batch::Representation representation;
    std::optional<cache::AsOf> as_of;
    bool allow_partial = false;
    bool local_thumbnails = false; // URLs of pictures that are stored shall point to us
};

// Errc::bad_request for what is unknown or malformed, Errc::unprocessable for a filter that is none of the four.
Result<AnalysisQuery> parse_analysis_query(const Request& request);

// The media type that Accept prefers among ours; JSON when it says nothing of them (RFC 9110, 12.5.1).
batch::Format negotiate_format(const Fields& fields);
Result<bool> parse_flag(std::string_view name, std::string_view value); // true, false, 1 or 0

// An RFC 3339 time, or a snapshot's id.
Result<cache::AsOf> parse_as_of(std::string_view text);

} // namespace nomadic::proxy
