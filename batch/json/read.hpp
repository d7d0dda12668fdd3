#pragma once

// Reads JSON (RFC 8259) as Python's json.loads does: NaN, Infinity and -Infinity are numbers, a repeated member's last
// value stands at its first place, a lone surrogate escape is a character (here U+FFFD). Everything else that is not
// JSON, and text that is not UTF-8, is a Failure. Hostile input costs no more than its size: nesting is limited.

#include "base/error.hpp"
#include "batch/json/value.hpp"

#include <string>

namespace nomadic::batch::json {

// Deeper than any real analysis, far less than a stack holds; Python itself gives up near 1,000.
inline constexpr std::size_t deepest_nesting = 512;

// `text` must outlive the value, and be shorter than 4 GiB. The failure's detail says what was wrong and at which byte.
Result<Value> read(std::string_view text, Arena& arena);

// Where a value stands in the text it was read from: the exact bytes upstream sent for it. As read(), but also returns
// for a member `name` of the document, which must be an array, the slices of its items.
struct Sliced {
    Value document;
    std::vector<std::string_view> items; // as many as the array has
};
Result<Sliced> read_sliced(std::string_view text, std::string_view name, Arena& arena);

} // namespace nomadic::batch::json
