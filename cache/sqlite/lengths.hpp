#pragma once

// The rows of `length`: how long the parts of each content are in answers, packed (batch/lengths.hpp). One thread at a
// time.

#include "cache/sqlite/rows_at_once.hpp"

#include <cstdint>

namespace nomadic::cache::sqlite {

// Lives no longer than the database.
class LengthInserter {
public:
    explicit LengthInserter(Database& database);
    void insert(std::int64_t content, std::string_view packed); // which must live until finish(); nothing for ""
    void finish();                                              // within the same transaction

private:
    struct Row {
        static constexpr int columns = 2;
        void bind(Statement& statement, int first) const { statement.bind_from(first, content, as_blob(packed)); }
        std::int64_t content = 0;
        std::string_view packed;
    };
    RowsAtOnce<Row> rows_;
};

} // namespace nomadic::cache::sqlite
