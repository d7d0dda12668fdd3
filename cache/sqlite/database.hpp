#pragma once

// SQLite, wrapped as thinly as ownership and errors need. A failing call throws SqliteError, which never leaves this
// folder: the store turns it into a Failure. Statements are prepared once a connection. One thread at a time.

#include <sqlite3.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace nomadic::cache::sqlite {

class SqliteError : public std::runtime_error {
public:
    SqliteError(sqlite3* connection, std::string_view doing);
    bool means_corruption() const;   // of the file, which may be no database at all
    bool means_failing_disk() const; // full, or an I/O error
    int code;                        // SQLite's extended result code
};

using Blob = std::span<const unsigned char>;
inline Blob as_blob(std::string_view bytes)
{
    return {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
}

using StatementPointer = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

// The rows of one running statement; reset when this ends, so that no lock outlives the reader's interest.
class Rows {
public:
    Rows(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows();

    bool next(); // true while there is a row
    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    std::optional<double> real(int column) const; // empty when NULL
    std::string_view bytes(int column) const;     // a text or a blob; valid until next()

private:
    sqlite3* connection_;
    sqlite3_stmt* statement_;
};

// A statement that is run many times over. Lives no longer than its Database.
class Statement {
public:
    Statement(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}

    // Of no interest are the rows. Returns how many rows it changed.
    template <class... Values>
    int run(const Values&... values)
    {
        int position = 0;
        (bind(statement_, ++position, values, SQLITE_STATIC), ...);
        Rows rows(connection_, statement_);
        while (rows.next()) {
        }
        return sqlite3_changes(connection_);
    }
    // From the parameter `first` (the leftmost is 1); what is referred to must live until the statement has run.
    template <class... Values>
    void bind_from(int first, const Values&... values)
    {
        (bind(statement_, first++, values, SQLITE_STATIC), ...);
    }
    // Parameters are copied, since rows are read after the call's temporaries have gone.
    template <class... Values>
    Rows query(const Values&... values)
    {
        int position = 0;
        (bind(statement_, ++position, values, SQLITE_TRANSIENT), ...);
        return {connection_, statement_};
    }

private:
    static void bind(sqlite3_stmt* statement, int position, std::int64_t value, sqlite3_destructor_type lifetime);
    static void bind(sqlite3_stmt* statement, int position, std::optional<double> value,
                     sqlite3_destructor_type lifetime);
    static void bind(sqlite3_stmt* statement, int position, std::string_view text, sqlite3_destructor_type lifetime);
    static void bind(sqlite3_stmt* statement, int position, std::optional<std::string_view> text,
                     sqlite3_destructor_type lifetime);
    static void bind(sqlite3_stmt* statement, int position, Blob blob, sqlite3_destructor_type lifetime);

    sqlite3* connection_;
    sqlite3_stmt* statement_;
};

class Database {
public:
    enum class Mode {
        read_write,
        read_only,
        immutable, // read-only, and nobody else writes either: works where no file can be made or locked
    };
    Database(const std::string& path, Mode mode);

    // Prepared once a connection.
    Statement statement(const std::string& sql) { return {connection_.get(), prepared(sql)}; }
    template <class... Values>
    Rows query(const std::string& sql, const Values&... values)
    {
        return statement(sql).query(values...);
    }
    template <class... Values>
    int run(const std::string& sql, const Values&... values)
    {
        return statement(sql).run(values...);
    }
    void script(const std::string& sql); // several statements, not prepared
    std::int64_t pragma(const std::string& name);
    std::int64_t last_insert_id() const { return sqlite3_last_insert_rowid(connection_.get()); }

private:
    sqlite3_stmt* prepared(const std::string& sql);

    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> connection_;
    std::map<std::string, StatementPointer> statements_;
};

// Rolled back unless committed.
class Transaction {
public:
    enum class Kind { read, write };
    Transaction(Database& database, Kind kind);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

private:
    Database& database_;
    bool open_ = true;
};

} // namespace nomadic::cache::sqlite
