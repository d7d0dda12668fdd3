#pragma once

// Text without case, for searching: each letter of any script in its lower case (Unicode's simple mapping). Any thread.

#include <string>
#include <string_view>
#include <vector>

namespace nomadic::batch {

// `text` is UTF-8; what is not stays as it is.
std::string fold_case(std::string_view text);
std::vector<std::string> fold_case(const std::vector<std::string>& texts);
// The same in `room`, which grows as needed: what is returned lies there.
std::string_view fold_case(std::string_view text, std::string& room);

} // namespace nomadic::batch
