#pragma once
/// @file The numbered SQL files of db/sqlite, embedded at build time, and their application to a database.
///
/// Each runs in one transaction together with its record: killed at any statement, the schema is the old or the new
/// one. Errors: Internal when an applied file differs from ours (checksum) or the database is newer than this program.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "store/sqlite/connection.hpp"

namespace dp::store::sqlite {

struct Migration {
    std::int64_t version;
    std::string_view name;
    std::string_view sql;
};

/// In order of their versions.
std::span<const Migration> embedded_migrations();

Outcome<void> migrate(Connection& connection, std::span<const Migration> migrations, WallTime now);

}  // namespace dp::store::sqlite
