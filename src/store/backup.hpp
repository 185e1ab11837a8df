#pragma once
/// @file Backup and restore of a data directory's database. A backup is one file, consistent as of one moment, taken
/// while a server writes or while none runs; it was read back and verified before it gets its name. The sealing key is
/// not in it: the backup names the key that it needs, and a restore refuses any other.
///
/// Threads: a command's only one. Errors: Unavailable (a server has the directory, a file cannot be written), Internal
/// (what was read is damaged), each with what to do; after a failure the directory is as it was.

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace dp::store {

struct BackupFacts {
    WallTime taken{};
    std::uint64_t last_event = 0;
    std::uint64_t audit_entries = 0;
    std::string audit_head;  ///< hex digest of the last entry
    std::uint64_t octets = 0;
};

/// `file` must not exist; it is made with mode 0600.
Result<BackupFacts> write_backup(const std::string& directory, const std::string& file, WallTime now);

struct Restored {
    BackupFacts backup;
    std::string kept_as;  ///< where the database that was there is now; empty: there was none
};

/// Verifies the backup, then puts it in the place of the directory's database, which is kept beside it.
Result<Restored> restore_backup(const std::string& directory, const std::string& file, WallTime now);

/// Exists while a restore is at work: a server does not start on what it would find.
std::string restore_marker(const std::string& directory);

}  // namespace dp::store
