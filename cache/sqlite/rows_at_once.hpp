#pragma once

// Rows that go into a table several with one statement, which takes a third less than one by one. One thread at a time.

#include "cache/sqlite/database.hpp"

#include <array>

namespace nomadic::cache::sqlite {

// `Row` is a small value with `static constexpr int columns` and `void bind(Statement&, int first) const`. Lives no
// longer than the database.
template <class Row>
class RowsAtOnce {
public:
    // `insert` ends before its VALUES.
    RowsAtOnce(Database& database, const std::string& insert)
        : one_(database.statement(insert + values(1))), many_(database.statement(insert + values(rows)))
    {}

    // What the row refers to must live until finish(), which must be called within the same transaction.
    void add(const Row& row)
    {
        waiting_[count_++] = row;
        if (count_ < waiting_.size())
            return;
        for (std::size_t i = 0; i < count_; ++i)
            waiting_[i].bind(many_, 1 + static_cast<int>(i) * Row::columns);
        many_.run();
        count_ = 0;
    }

    void finish()
    {
        for (std::size_t i = 0; i < count_; ++i) {
            waiting_[i].bind(one_, 1);
            one_.run();
        }
        count_ = 0;
    }

private:
    static constexpr std::size_t rows = 8;

    static std::string values(std::size_t count)
    {
        std::string text = " VALUES";
        for (std::size_t row = 0; row < count; ++row) {
            text += row == 0 ? "(?" : ", (?";
            for (int column = 1; column < Row::columns; ++column)
                text += ", ?";
            text += ')';
        }
        return text;
    }

    Statement one_, many_;
    std::array<Row, rows> waiting_{};
    std::size_t count_ = 0;
};

} // namespace nomadic::cache::sqlite
