#pragma once

// A store, and what has to outlive it: that goes when all files are closed.

#include "cache/sqlite/sqlite_store.hpp"

namespace nomadic::cache::sqlite {

struct Outliving {
    std::shared_ptr<void> held;
};

// A base is destroyed after those that follow it, a member before its class's bases.
class KeptStore final : Outliving, public SqliteStore {
public:
    KeptStore(std::shared_ptr<void> outliving, const std::string& path, Database::Mode mode)
        : Outliving{std::move(outliving)}, SqliteStore(path, mode)
    {}
};

} // namespace nomadic::cache::sqlite
