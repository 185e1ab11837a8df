#include "store/sqlite/connection.hpp"

namespace dp::store::sqlite {

void Statement::bind_one(int index, std::string_view text) {
    // A null pointer would bind NULL; an empty text is not NULL.
    sqlite3_bind_text64(statement_, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_blob(int index, std::string_view bytes) {
    sqlite3_bind_blob64(statement_, index, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
}

Outcome<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    Fault fault = fault_of(database_);
    sqlite3_reset(statement_);
    return std::unexpected(std::move(fault));
}

Outcome<void> Statement::run() {
    for (;;) {
        auto row = step();
        if (!row) return std::unexpected(std::move(row).error());
        if (!*row) break;
    }
    sqlite3_reset(statement_);
    return {};
}

std::string_view Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return data ? std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                : std::string_view();
}

std::string_view Statement::blob(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data ? std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                : std::string_view();
}

Outcome<std::unique_ptr<Connection>> Connection::open(const std::string& path, Access access) {
    const int flags = (access == Access::Read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    std::unique_ptr<Connection> connection(new Connection(database));
    if (code != SQLITE_OK) return std::unexpected(fault_of(code, database ? sqlite3_errmsg(database) : path));
    auto configured = connection->configure(access);
    if (!configured) return std::unexpected(std::move(configured).error());
    return connection;
}

Outcome<void> Connection::configure(Access access) {
    sqlite3_busy_timeout(database_, 2000);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    if (access == Access::Read) {
        sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        return execute(
            "PRAGMA mmap_size=0; PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8000");
    }
    // Whoever dies half-way has lost a file that nobody used yet.
    if (access == Access::Copy) return execute("PRAGMA mmap_size=0; PRAGMA journal_mode=DELETE");
    return execute(
        "PRAGMA mmap_size=0; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-32000");
}

Outcome<void> Connection::copy_from(Connection& source) {
    sqlite3_backup* copy = sqlite3_backup_init(database_, "main", source.database_, "main");
    if (!copy) return std::unexpected(fault_of(database_));
    const int stepped = sqlite3_backup_step(copy, -1);  // in one read transaction
    sqlite3_backup_finish(copy);
    if (stepped != SQLITE_DONE) return std::unexpected(fault_of(stepped, sqlite3_errstr(stepped)));
    // The pages say that the source is in WAL mode; the copy is one file.
    return execute("PRAGMA journal_mode=DELETE");
}

Connection::~Connection() {
    statements_.clear();
    sqlite3_close(database_);
}

Outcome<std::unique_ptr<Statement>> Connection::prepare_once(std::string_view sql) {
    sqlite3_stmt* prepared = nullptr;
    const int length = static_cast<int>(sql.size());
    if (sqlite3_prepare_v3(database_, sql.data(), length, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK)
        return std::unexpected(fault_of(database_));
    return std::make_unique<Statement>(database_, prepared);
}

Outcome<Statement*> Connection::prepare(std::string_view sql) {
    if (auto found = statements_.find(sql); found != statements_.end()) return found->second.get();
    DP_TRY(prepared, prepare_once(sql));
    return statements_.emplace(std::string(sql), std::move(prepared)).first->second.get();
}

Outcome<void> Connection::execute(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return std::unexpected(fault_of(database_));
    return {};
}

Outcome<std::int64_t> Connection::cache_size() {
    std::int64_t size = 0;
    DP_TRY(select, prepare_once("PRAGMA cache_size"));
    DP_CHECK(each_row(*select, [&](Statement& row) { size = row.integer(0); }));
    return size;
}

Outcome<void> Connection::set_cache_size(std::int64_t size) {
    return execute("PRAGMA cache_size=" + std::to_string(size));
}

}  // namespace dp::store::sqlite
