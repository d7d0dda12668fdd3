#pragma once

// Text without case, for searching: each letter of any script in its lower case (Unicode's simple mapping). Any thread.

#include <string>
#include <string_view>
#include <vector>

namespace nomadic::batch {

// `text` is UTF-8; what is not stays as it is.
std::string fold_case(std::string_view text);
std::vector<std::string> fold_case(const std::vector<std::string>& texts);

// Whether one of `folded`, which fold_case() has made, stands in `text` in whatever case.
bool contains_folded(std::string_view text, const std::vector<std::string>& folded);

} // namespace nomadic::batch
