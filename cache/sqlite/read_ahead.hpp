#pragma once

// Reading and decoding a few pages ahead of whoever renders them: two cores work on one large answer. Memory is bounded
// by the pages under way.

#include "batch/batch.hpp"

#include <functional>
#include <vector>

namespace nomadic::cache::sqlite {

using Page = std::vector<batch::VideoRecord>;

// `produce` runs on a thread of its own, and gives its pages to the function it gets, which waits while too many are
// under way, and returns false when no more are wanted. `consume` runs on the caller's thread, page by page; false
// stops. What either throws comes out here, once both have ended.
void read_ahead(const std::function<void(const std::function<bool(Page)>& give)>& produce,
                const std::function<bool(const Page&)>& consume);

} // namespace nomadic::cache::sqlite
