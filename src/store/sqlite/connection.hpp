#pragma once
/// @file One SQLite connection and its prepared statements, with this project's rules built in: exactly one connection
/// writes and checkpoints, the others are read-only and never checkpoint, no mmap (SQLite's WAL-reset bug needs two
/// that checkpoint; control-plane notes).
///
/// Threads: a connection belongs to one thread at a time. Errors: Fault (fault.hpp).

#include <sqlite3.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "store/sqlite/fault.hpp"

namespace dp::store::sqlite {

/// DP_TRY and DP_CHECK of base/result.hpp work on it as on Result.
template <class T>
using Outcome = std::expected<T, Fault>;

/// A prepared statement. Text and blobs are bound without a copy: they must live until the statement is reset.
class Statement {
public:
    Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Parameters in order, from 1. Starts the statement anew.
    template <class... Values>
    Statement& bind(const Values&... values) {
        sqlite3_reset(statement_);
        int index = 0;
        (bind_one(++index, values), ...);
        return *this;
    }
    void bind_one(int index, std::string_view text);
    void bind_one(int index, const char* text) { bind_one(index, std::string_view(text)); }
    void bind_one(int index, const std::string& text) { bind_one(index, std::string_view(text)); }
    void bind_one(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
    void bind_one(int index, int value) { sqlite3_bind_int64(statement_, index, value); }
    void bind_one(int index, std::uint64_t value) {
        sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
    }
    void bind_one(int index, std::nullptr_t) { sqlite3_bind_null(statement_, index); }
    template <class T>
    void bind_one(int index, const std::optional<T>& value) {
        if (value)
            bind_one(index, *value);
        else
            bind_one(index, nullptr);
    }
    void bind_blob(int index, std::string_view bytes);

    /// True when there is a row to read.
    Outcome<bool> step();
    /// To the end; rows are skipped. The statement is reset.
    Outcome<void> run();
    void reset() { sqlite3_reset(statement_); }

    std::string_view text(int column) const;
    std::string_view blob(int column) const;
    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

private:
    sqlite3* database_;
    sqlite3_stmt* statement_;
};

enum class Access {
    Write,
    Read,
    Copy,  ///< the only connection to a file of its own, in one piece: no write-ahead log beside it
};

/// A cache for reading something through once.
inline constexpr std::int64_t kPassingCache = -1000;

class Connection {
public:
    static Outcome<std::unique_ptr<Connection>> open(const std::string& path, Access access);
    /// All pages of `source` as of one moment, in place of what this one had. Writers of `source` go on meanwhile.
    Outcome<void> copy_from(Connection& source);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Prepared once per text and kept.
    Outcome<Statement*> prepare(std::string_view sql);
    /// For texts that are put together at run time: not kept.
    Outcome<std::unique_ptr<Statement>> prepare_once(std::string_view sql);
    /// One or more statements without parameters or rows.
    Outcome<void> execute(const std::string& sql);
    /// How many pages are kept in memory; negative: in KiB.
    Outcome<std::int64_t> cache_size();
    Outcome<void> set_cache_size(std::int64_t size);
    std::int64_t changes() const { return sqlite3_changes64(database_); }
    bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }
    sqlite3* handle() { return database_; }

private:
    explicit Connection(sqlite3* database) : database_(database) {}
    Outcome<void> configure(Access access);

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    sqlite3* database_;
    std::unordered_map<std::string, std::unique_ptr<Statement>, Hash, std::equal_to<>> statements_;
};

/// Prepare, bind, run to the end.
template <class... Values>
Outcome<void> run(Connection& connection, std::string_view sql, const Values&... values) {
    auto statement = connection.prepare(sql);
    if (!statement) return std::unexpected(std::move(statement).error());
    return (*statement)->bind(values...).run();
}

/// Calls `visit(Statement&)` for each row, then resets the statement: a SELECT left open would hold up the checkpoint.
template <class Visit>
Outcome<void> each_row(Statement& statement, Visit&& visit) {
    for (;;) {
        auto row = statement.step();
        if (!row) return std::unexpected(std::move(row).error());
        if (!*row) break;
        visit(statement);
    }
    statement.reset();
    return {};
}

}  // namespace dp::store::sqlite
