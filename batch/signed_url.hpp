#pragma once

// URLs that work for a while: what signs them, and until when. Google's (X-Goog-*), Amazon's (X-Amz-*), the older form
// with `Expires`, and Azure's (`se`). Pure, any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nomadic::batch {

// Seconds since 1970 after which the URL is refused; empty when it does not say, or is not signed. `seen_at` stands for
// the time of signing where a URL gives only how long it is valid.
std::optional<std::int64_t> expiry_of(std::string_view url, std::int64_t seen_at);

// The URL without what only signs it: the same thing, however often it is signed anew.
std::string unsigned_url(std::string_view url);

} // namespace nomadic::batch
