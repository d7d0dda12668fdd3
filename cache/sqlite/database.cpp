#include "cache/sqlite/database.hpp"

namespace nomadic::cache::sqlite {

namespace {

// Writers wait for each other instead of failing with "database is locked".
constexpr int busy_timeout_milliseconds = 10'000;

// A name of a file, whatever is in it, as a URI (https://www.sqlite.org/uri.html).
std::string uri_of(const std::string& path, Database::Mode mode)
{
    std::string uri = path.starts_with('/') ? "file://" : "file:";
    for (const char c : path) {
        constexpr std::string_view special = "%?#";
        if (special.find(c) == std::string_view::npos)
            uri += c;
        else
            uri += c == '%' ? "%25" : c == '?' ? "%3f" : "%23";
    }
    return mode == Database::Mode::immutable ? uri + "?immutable=1" : uri;
}

} // namespace

SqliteError::SqliteError(sqlite3* connection, std::string_view doing)
    : std::runtime_error(std::string(doing) + ": " + sqlite3_errmsg(connection)),
      code(sqlite3_extended_errcode(connection))
{}

bool SqliteError::means_corruption() const
{
    const int primary = code & 0xFF;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

bool SqliteError::means_failing_disk() const
{
    const int primary = code & 0xFF;
    return primary == SQLITE_FULL || primary == SQLITE_IOERR;
}

Rows::~Rows()
{
    sqlite3_reset(statement_);
}

bool Rows::next()
{
    const int result = sqlite3_step(statement_);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        throw SqliteError(connection_, "running a statement");
    return result == SQLITE_ROW;
}

std::optional<double> Rows::real(int column) const
{
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL)
        return std::nullopt;
    return sqlite3_column_double(statement_, column);
}

std::string_view Rows::bytes(int column) const
{
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Database::Database(const std::string& path, Mode mode) : connection_(nullptr, sqlite3_close)
{
    const int flags = (mode == Mode::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(uri_of(path, mode).c_str(), &opened, flags, nullptr);
    connection_.reset(opened);
    if (result != SQLITE_OK)
        throw SqliteError(opened, "opening " + path);
    sqlite3_busy_timeout(opened, busy_timeout_milliseconds);
}

void Database::script(const std::string& sql)
{
    if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        throw SqliteError(connection_.get(), "running a script");
}

std::int64_t Database::pragma(const std::string& name)
{
    auto rows = query("PRAGMA " + name);
    return rows.next() ? rows.integer(0) : 0;
}

sqlite3_stmt* Database::prepared(const std::string& sql)
{
    if (auto found = statements_.find(sql); found != statements_.end())
        return found->second.get();
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement, nullptr) != SQLITE_OK)
        throw SqliteError(connection_.get(), "preparing a statement");
    statements_.emplace(sql, StatementPointer(statement, sqlite3_finalize));
    return statement;
}

void Statement::bind(sqlite3_stmt* statement, int position, std::int64_t value, sqlite3_destructor_type /*lifetime*/)
{
    sqlite3_bind_int64(statement, position, value);
}

void Statement::bind(sqlite3_stmt* statement, int position, std::optional<double> value,
                     sqlite3_destructor_type /*lifetime*/)
{
    if (value)
        sqlite3_bind_double(statement, position, *value);
    else
        sqlite3_bind_null(statement, position);
}

void Statement::bind(sqlite3_stmt* statement, int position, std::string_view text, sqlite3_destructor_type lifetime)
{
    sqlite3_bind_text64(statement, position, text.empty() ? "" : text.data(), text.size(), lifetime, SQLITE_UTF8);
}

void Statement::bind(sqlite3_stmt* statement, int position, std::optional<std::string_view> text,
                     sqlite3_destructor_type lifetime)
{
    if (text)
        bind(statement, position, *text, lifetime);
    else
        sqlite3_bind_null(statement, position);
}

void Statement::bind(sqlite3_stmt* statement, int position, Blob blob, sqlite3_destructor_type lifetime)
{
    if (blob.empty())
        sqlite3_bind_zeroblob(statement, position, 0);
    else
        sqlite3_bind_blob64(statement, position, blob.data(), blob.size(), lifetime);
}

Transaction::Transaction(Database& database, Kind kind) : database_(database)
{
    // IMMEDIATE takes the write lock at once: a transaction that began as a reader could not wait for it later.
    database_.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction()
{
    if (!open_)
        return;
    try {
        database_.run("ROLLBACK");
    } catch (const SqliteError&) {
        // SQLite has rolled back by itself (a full disk, an I/O error), which is all that was wanted.
        open_ = false;
    }
}

void Transaction::commit()
{
    database_.run("COMMIT");
    open_ = false;
}

} // namespace nomadic::cache::sqlite
