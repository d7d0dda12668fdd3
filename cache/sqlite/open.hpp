#pragma once

#include "cache/open_store.hpp"

namespace nomadic::cache::sqlite {

// `held` lives as long as the store.
Result<OpenedStore> open(const std::string& path, TimePoint now, std::shared_ptr<void> held);

} // namespace nomadic::cache::sqlite
