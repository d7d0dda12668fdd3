#include "cache/sqlite/event_reader.hpp"

namespace nomadic::cache::sqlite {

namespace {

std::string select(const EventColumns& columns)
{
    std::string sql = "SELECT content, position, approval";
    for (const auto& [wanted, name] : {std::pair{columns.category, ", category"},
                                       {columns.severity, ", severity"},
                                       {columns.label, ", label"},
                                       {columns.confidence, ", confidence"}})
        sql += wanted ? name : ", NULL";
    return sql + " FROM event WHERE content BETWEEN ? AND ? ORDER BY content, position";
}

} // namespace

EventColumns columns_of(const batch::Narrowing& narrowing)
{
    const bool searches = !narrowing.q.empty();
    return {.category = searches || !narrowing.category.empty(),
            .severity = !narrowing.severity.empty(),
            .label = searches || !narrowing.label.empty(),
            .confidence = narrowing.min_confidence.has_value()};
}

EventReader::EventReader(Session& session, const EventColumns& columns, std::int64_t first_content,
                         std::int64_t last_content)
    : columns_(columns), rows_(session.database.query(select(columns), first_content, last_content))
{}

bool EventReader::next()
{
    return rows_.next();
}

batch::EventValues EventReader::values() const
{
    const auto approval = rows_.integer(2);
    if (approval < 0 || approval >= static_cast<std::int64_t>(batch::approval_count))
        throw Damage("the rows of content " + std::to_string(content()) + " are damaged");
    batch::EventValues values{.approval = static_cast<batch::Approval>(approval)};
    // Asking SQLite for a column costs more than for a bool.
    if (columns_.category)
        values.category = rows_.bytes(3);
    if (columns_.severity)
        values.severity = rows_.bytes(4);
    if (columns_.label)
        values.label = rows_.bytes(5);
    if (columns_.confidence)
        values.confidence = rows_.real(6);
    return values;
}

} // namespace nomadic::cache::sqlite
