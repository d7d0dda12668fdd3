#include "cache/sqlite/lengths.hpp"

#include "batch/lengths.hpp"
#include "cache/sqlite/past.hpp"
#include "cache/sqlite/schema.hpp"
#include "cache/sqlite/sqlite_store.hpp"

namespace nomadic::cache::sqlite {

namespace {

using Each = std::function<bool(const batch::RecordLengths&)>;
enum class Given { all, missing, stopped };

// Of contents whose ids follow each other.
Given give_run(Database& database, std::int64_t first, std::int64_t last, const Each& each)
{
    auto rows = database.query("SELECT content, packed FROM length WHERE content BETWEEN ? AND ? ORDER BY content",
                               first, last);
    for (auto content = first; content <= last; ++content) {
        if (!rows.next() || rows.integer(0) != content)
            return Given::missing;
        const auto lengths = batch::unpack(rows.bytes(1));
        if (!lengths)
            return Given::missing;
        if (!each(*lengths))
            return Given::stopped;
    }
    return Given::all;
}

} // namespace

LengthInserter::LengthInserter(Database& database) : rows_(database, "INSERT OR REPLACE INTO length(content, packed)")
{}

void LengthInserter::insert(std::int64_t content, std::string_view packed)
{
    if (!packed.empty())
        rows_.add({content, packed});
}

void LengthInserter::finish()
{
    rows_.finish();
}

Result<bool> SqliteStore::lengths(std::int64_t snapshot, const Each& each)
{
    return guarded([&]() -> Result<bool> {
        auto session = readers_.borrow();
        Transaction transaction(session->database, Transaction::Kind::read);
        if (session->database.pragma("user_version") < first_version_with_lengths)
            return false;
        const auto contents = session->contents(snapshot);
        if (!contents || Past(*session, snapshot).any())
            return false;
        for (std::size_t first = 0, next = 0; first < contents->size(); first = next) {
            next = end_of_run(*contents, first);
            const auto given = give_run(session->database, (*contents)[first], (*contents)[next - 1], each);
            if (given != Given::all)
                return given == Given::stopped;
        }
        return true;
    });
}

} // namespace nomadic::cache::sqlite
