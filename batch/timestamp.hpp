#pragma once

// An event's place in its video: from upstream's "t=12.5" to the clients' "00:12". Any thread.

#include <optional>
#include <string>
#include <string_view>

namespace nomadic::batch {

enum class Fraction { truncated, kept };

// "t=12.5" or "12.5" (seconds) to MM:SS, or HH:MM:SS from one hour; "00:00" for what can't be read or isn't finite.
// Parts are floored as the clients floor them, so -5 s is "59:55". With Fraction::kept (action segmentation) the exact
// decimal fraction stays, without trailing zeros, and a negative time is "00:00".
std::string video_timestamp(std::string_view time, Fraction fraction);

// "SS", "MM:SS" or "HH:MM:SS" to seconds; 0 for what can't be read.
double timestamp_seconds(std::string_view timestamp);

} // namespace nomadic::batch
