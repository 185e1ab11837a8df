#include "store/sqlite/fault.hpp"

#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace dp::store::sqlite {
namespace {

struct Row {
    int code;  // primary result code, or extended where it says more
    Reach reach;
    ErrorCode error;
    std::string_view sentence;
};

// Extended codes first: the first row that fits wins.
constexpr auto kRows = std::to_array<Row>({
    {SQLITE_CONSTRAINT_FOREIGNKEY, Reach::Statement, ErrorCode::Conflict,
     "Something refers to an entity that does not exist, or still uses the one to be removed."},
    {SQLITE_CONSTRAINT_UNIQUE, Reach::Statement, ErrorCode::Duplicate, "The value is taken."},
    {SQLITE_CONSTRAINT_PRIMARYKEY, Reach::Statement, ErrorCode::Duplicate, "The id is taken."},
    {SQLITE_CONSTRAINT, Reach::Statement, ErrorCode::InvalidValue, "A rule of the database does not allow this."},
    {SQLITE_TOOBIG, Reach::Statement, ErrorCode::TooLarge, "The entity is too large to be stored."},
    {SQLITE_FULL, Reach::Database, ErrorCode::Unavailable, "The disk is full: free space in the data directory."},
    {SQLITE_READONLY, Reach::Database, ErrorCode::Unavailable,
     "The database is read-only: check the permissions and mount of the data directory."},
    {SQLITE_PERM, Reach::Database, ErrorCode::Unavailable,
     "The database may not be accessed: check the data directory's permissions."},
    {SQLITE_CANTOPEN, Reach::Database, ErrorCode::Unavailable,
     "The database cannot be opened: check the data directory."},
    {SQLITE_BUSY, Reach::Database, ErrorCode::Unavailable,
     "Another program holds the database: only one may use the data directory."},
    {SQLITE_LOCKED, Reach::Database, ErrorCode::Unavailable,
     "Another program holds the database: only one may use the data directory."},
    {SQLITE_IOERR, Reach::Database, ErrorCode::Unavailable,
     "The disk reports an error: check it, then restore a backup if needed."},
    {SQLITE_CORRUPT, Reach::Database, ErrorCode::Internal, "The database file is damaged: restore the last backup."},
    {SQLITE_NOTADB, Reach::Database, ErrorCode::Internal, "The file is no database: restore the last backup."},
    {SQLITE_NOMEM, Reach::Database, ErrorCode::Unavailable, "Out of memory."},
});

}  // namespace

Fault fault_of(int extended_code, const std::string& message) {
    for (const Row& row : kRows)
        if (row.code == extended_code || row.code == (extended_code & 0xFF))
            return {row.reach, Error{row.error, std::string(row.sentence) + " (" + message + ")", {}}};
    return {Reach::Database, Error{ErrorCode::Internal, "The database failed: " + message + ".", {}}};
}

namespace {

/// Of the write-ahead log, to which everything is written first; 0 when it had no trouble.
int last_errno(sqlite3* database) {
    sqlite3_file* log = nullptr;
    int why = 0;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
    if (log && log->pMethods) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &why);
    return why;
}

}  // namespace

Fault fault_of(sqlite3* database) {
    const int code = sqlite3_extended_errcode(database);
    if ((code & 0xFF) != SQLITE_IOERR) return fault_of(code, sqlite3_errmsg(database));
    // SQLite calls each of them an I/O error; the system knows better.
    const int why = last_errno(database);
    const int told = why == EROFS ? SQLITE_READONLY : why == ENOSPC || why == EDQUOT ? SQLITE_FULL : code;
    return fault_of(told, why == 0 ? sqlite3_errmsg(database) : std::generic_category().message(why));
}

}  // namespace dp::store::sqlite
