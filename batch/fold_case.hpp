#pragma once

// Text without case, for searching: each letter of any script in its lower case (Unicode's simple mapping). Any thread.

#include <string>
#include <string_view>

namespace nomadic::batch {

// `text` is UTF-8; what is not stays as it is.
std::string fold_case(std::string_view text);

} // namespace nomadic::batch
