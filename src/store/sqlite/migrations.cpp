#include "store/sqlite/migrations.hpp"

#include <fmt/format.h>

#include <map>

#include "base/crypto.hpp"

namespace dp::store::sqlite {
namespace {

std::unexpected<Fault> refuse(std::string why) {
    return std::unexpected(Fault{Reach::Database, Error{ErrorCode::Internal, std::move(why), {}}});
}

Outcome<std::map<std::int64_t, std::string>> applied_checksums(Connection& connection) {
    DP_CHECK(connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
        "sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL)"));
    DP_TRY(select, connection.prepare("SELECT version, sha256 FROM schema_migrations ORDER BY version"));
    std::map<std::int64_t, std::string> out;
    DP_CHECK(each_row(select->bind(), [&](Statement& row) { out.emplace(row.integer(0), row.text(1)); }));
    return out;
}

Outcome<void> apply_in_transaction(Connection& connection, const Migration& migration, const std::string& checksum,
                                   WallTime now) {
    DP_CHECK(connection.execute("BEGIN IMMEDIATE"));
    DP_CHECK(connection.execute(std::string(migration.sql)));
    DP_CHECK(run(connection, "INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)",
                 migration.version, migration.name, checksum, to_millis(now)));
    return connection.execute("COMMIT");
}

Outcome<void> apply(Connection& connection, const Migration& migration, const std::string& checksum, WallTime now) {
    auto applied = apply_in_transaction(connection, migration, checksum, now);
    if (!applied && connection.in_transaction()) (void)connection.execute("ROLLBACK");
    return applied;
}

}  // namespace

Outcome<void> migrate(Connection& connection, std::span<const Migration> migrations, WallTime now) {
    DP_TRY(applied, applied_checksums(connection));
    const std::int64_t newest = migrations.empty() ? 0 : migrations.back().version;
    if (!applied.empty() && applied.rbegin()->first > newest)
        return refuse(
            fmt::format("The database has schema {}, this program knows {}: start the newer program, or restore the "
                        "backup from before the upgrade.",
                        applied.rbegin()->first, newest));
    for (const Migration& migration : migrations) {
        const std::string checksum = crypto::hex(crypto::sha256(migration.sql));
        const auto done = applied.find(migration.version);
        if (done == applied.end())
            DP_CHECK(apply(connection, migration, checksum, now));
        else if (done->second != checksum)
            return refuse(fmt::format("Schema step {} ({}) in the database is not the one of this program.",
                                      migration.version, migration.name));
    }
    return {};
}

}  // namespace dp::store::sqlite
