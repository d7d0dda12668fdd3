#include "cache/sqlite/backlog.hpp"

#include "cache/sqlite/events.hpp"
#include "cache/sqlite/lengths.hpp"

namespace nomadic::cache::sqlite {

namespace {

constexpr std::int64_t contents_a_step = 16;

struct Todo {
    std::string what;
    std::int64_t next, last;
};

std::optional<Todo> first_of(Database& database)
{
    auto rows = database.query("SELECT what, next, last FROM backlog ORDER BY what DESC LIMIT 1");
    if (!rows.next())
        return std::nullopt;
    return Todo{std::string(rows.bytes(0)), rows.integer(1), rows.integer(2)};
}

// Returns the last id it has dealt with; empty when there is none left.
std::optional<std::int64_t> fill_contents(Session& session, const Todo& todo)
{
    std::optional<std::int64_t> reached;
    std::vector<std::pair<std::int64_t, Description>> filled;
    {
        Describer describer;
        auto rows =
            session.database.query("SELECT id, record FROM content WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
                                   todo.next, todo.last, contents_a_step);
        while (rows.next()) {
            reached = rows.integer(0);
            // A damaged one is reported when it is read, and by the check; it has no rows.
            if (const auto record = session.codec.decode({}, rows.bytes(1)))
                filled.emplace_back(*reached, describer.describe(*record));
        }
    }
    EventInserter events(session.database);
    LengthInserter lengths(session.database);
    for (const auto& [content, description] : filled)
        if (todo.what == "content")
            events.insert(content, description.events);
        else
            lengths.insert(content, description.lengths);
    events.finish();
    lengths.finish();
    return reached;
}

std::optional<std::int64_t> fill_members(Session& session, const Todo& todo)
{
    std::optional<std::int64_t> batch_row;
    {
        auto rows = session.database.query("SELECT id FROM batch WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1",
                                           todo.next, todo.last);
        if (!rows.next())
            return std::nullopt;
        batch_row = rows.integer(0);
    }
    if (const auto newest = session.newest(*batch_row))
        if (const auto contents = session.contents(newest->id))
            list_members(session.database, *batch_row, newest->id, *contents);
    return batch_row;
}

} // namespace

bool catch_up(Session& session)
{
    const auto todo = first_of(session.database);
    if (!todo)
        return false;
    Transaction transaction(session.database, Transaction::Kind::write);
    const auto reached = todo->what == "batch" ? fill_members(session, *todo) : fill_contents(session, *todo);
    if (reached && *reached < todo->last)
        session.database.run("UPDATE backlog SET next = ? WHERE what = ?", *reached + 1, std::string_view(todo->what));
    else
        session.database.run("DELETE FROM backlog WHERE what = ?", std::string_view(todo->what));
    transaction.commit();
    return true;
}

} // namespace nomadic::cache::sqlite
