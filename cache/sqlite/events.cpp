#include "cache/sqlite/events.hpp"

namespace nomadic::cache::sqlite {

namespace {

constexpr int columns = 10;

std::string insert_statement(std::size_t rows)
{
    std::string sql = "INSERT OR IGNORE INTO event(content, position, approval, event_id, category, severity, label, "
                      "t_start, t_end, confidence) VALUES";
    for (std::size_t row = 0; row < rows; ++row)
        sql += row == 0 ? "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" : ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    return sql;
}

} // namespace

void EventInserter::insert(std::int64_t content, const batch::VideoRecord& record)
{
    static const auto one = insert_statement(1), many = insert_statement(rows_at_once);
    const auto count = record.spans.size();
    for (std::size_t first = 0; first < count;) {
        const auto rows = count - first < rows_at_once ? 1 : rows_at_once;
        auto statement = database_.statement(rows == 1 ? one : many);
        for (std::size_t row = 0; row < rows; ++row) {
            const auto position = first + row;
            auto& facts = facts_[row];
            reader_.read(record.event(position), facts);
            statement.bind_from(1 + static_cast<int>(row) * columns, content, static_cast<std::int64_t>(position),
                                static_cast<std::int64_t>(record.spans[position].approval),
                                std::string_view(facts.event_id), std::string_view(facts.category),
                                std::string_view(facts.severity), std::string_view(facts.label),
                                std::string_view(facts.start), std::string_view(facts.end), facts.confidence);
        }
        statement.run();
        first += rows;
    }
}

void list_members(Database& database, std::int64_t batch_row, std::int64_t snapshot,
                  std::span<const std::int64_t> contents)
{
    database.run("DELETE FROM member WHERE snapshot IN (SELECT id FROM snapshot WHERE batch = ?)", batch_row);
    auto insert = database.statement("INSERT INTO member(snapshot, place, content, count) VALUES(?, ?, ?, ?)");
    for (std::size_t first = 0, next = 0; first < contents.size(); first = next) {
        while (next < contents.size() && contents[next] - contents[first] == static_cast<std::int64_t>(next - first))
            ++next;
        insert.run(snapshot, static_cast<std::int64_t>(first), contents[first],
                   static_cast<std::int64_t>(next - first));
    }
}

} // namespace nomadic::cache::sqlite
