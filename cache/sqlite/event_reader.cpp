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
    // The first row of each content comes in any case: it says that the content's rows are there.
    return sql + " FROM event WHERE content BETWEEN ?1 AND ?2 AND (position = 0 OR ((?3 IS NULL OR category = ?3) "
                 "AND (?4 IS NULL OR severity = ?4) AND (?5 IS NULL OR label = ?5) "
                 "AND (?6 IS NULL OR confidence >= ?6))) ORDER BY content, position";
}

// What SQLite compares: a row that it steps over costs half of one that it hands out.
std::optional<std::string_view> only_value(const std::vector<std::string>& values)
{
    return values.size() == 1 ? std::optional<std::string_view>(values.front()) : std::nullopt;
}

Damage lost_rows(std::int64_t content)
{
    return Damage("rows of content " + std::to_string(content) + " are missing");
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

EventReader::EventReader(Session& session, const batch::Narrowing& narrowing, const EventColumns& columns,
                         std::int64_t first_content, std::int64_t last_content)
    : session_(session),
      columns_(columns),
      content_(first_content - 1),
      last_content_(last_content),
      rows_(session.database.query(select(columns), first_content, last_content, only_value(narrowing.category),
                                   only_value(narrowing.severity), only_value(narrowing.label),
                                   narrowing.min_confidence))
{}

bool EventReader::next()
{
    const bool there = rows_.next();
    const auto before = content_;
    content_ = there ? rows_.integer(0) : last_content_ + 1;
    if (content_ == before)
        return there;
    require_no_events(before + 1, content_ - 1);
    if (there && position() != 0)
        throw lost_rows(content_);
    return there;
}

void EventReader::require_no_events(std::int64_t first_content, std::int64_t last_content)
{
    if (first_content > last_content)
        return;
    auto rows = session_.database.query("SELECT id FROM content WHERE id BETWEEN ? AND ? "
                                        "AND approved + rejected + pending + invalid + other <> 0 LIMIT 1",
                                        first_content, last_content);
    if (rows.next())
        throw lost_rows(rows.integer(0));
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
