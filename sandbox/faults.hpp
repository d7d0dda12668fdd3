#pragma once

// What goes wrong in the sandbox, as values. Every counts status and bulk requests; 0 means never. Loop thread.

#include "base/error.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace nomadic::sandbox {

enum class Speaks { both, bulk, filter_batch };
enum class Lists { always, on_request, never }; // when a status names the videos: on_request is include_videos=true

struct Faults {
    std::chrono::milliseconds latency{0};
    std::uint32_t rate_limit_every = 0; // 429 with Retry-After
    std::uint32_t retry_after = 1;      // its seconds
    std::uint32_t error_every = 0;      // 503
    std::uint32_t reset_every = 0;      // the connection ends in the middle of the body
    std::uint32_t truncate_every = 0;   // 200 with half a JSON document
    std::uint32_t html_every = 0;       // 200 with a captive portal's page
    std::string failing_video;          // a bulk request that names it answers 500, always
    std::uint32_t refuse = 0;           // this status, e.g. 403, in place of every answer
    std::uint32_t age = 0;              // seconds: as if a cache stood in between
    bool accept_writes = false;         // 200 for whatever unsafe request the API does not know
    bool validators = false;            // the status document has an ETag and can be asked for conditionally
    Speaks speaks = Speaks::both;
    Lists lists_videos = Lists::always;
};

// Sets what `changes` names, e.g. {"latency_ms": 50, "error_every": 3}; fails on an unknown name or a wrong type.
Result<void> change(Faults& faults, const boost::json::object& changes);

} // namespace nomadic::sandbox
