#include "store/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/crypto.hpp"
#include "store/lock_file.hpp"
#include "store/sealing_key.hpp"
#include "store/spill_file.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/wal_check.hpp"

namespace dp::store {
namespace {

namespace fs = std::filesystem;
using sqlite::Access;
using sqlite::Connection;

constexpr std::string_view kDatabase = "/dialplane.db";

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
    return fail(ErrorCode::Unavailable, path + " " + why);
}

std::string reason(int error) {
    return std::generic_category().message(error);
}

template <class T>
Result<T> lift(sqlite::Outcome<T>&& outcome, const std::string& path) {
    if (!outcome) {
        Error error = std::move(outcome).error().error;
        error.detail += " [" + path + "]";
        return std::unexpected(std::move(error));
    }
    if constexpr (std::is_void_v<T>)
        return {};
    else
        return std::move(*outcome);
}

/// Which key the sealed values need, without telling anything of it.
std::string fingerprint_of(const SealingKey& key) {
    return crypto::hex(crypto::sha256(key.derive("backup fingerprint"))).substr(0, 32);
}

Result<void> make_private(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return refuse(path, "cannot be made: " + reason(errno) + ".");
    const bool made = ::fchmod(descriptor, 0600) == 0;  // whatever the umask was, and whoever made it before
    ::close(descriptor);
    return made ? Result<void>() : refuse(path, "cannot be made private: " + reason(errno) + ".");
}

Result<void> sync(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    return synced ? Result<void>() : refuse(path, "cannot be brought to the disk: " + reason(error) + ".");
}

Result<void> rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
    return refuse(from, "cannot become " + to + ": " + reason(errno) + ".");
}

/// A file that goes away unless it was given its name.
class Draft {
public:
    explicit Draft(std::string path) : path_(std::move(path)) {}
    ~Draft() {
        for (const char* suffix : {"", "-journal"}) ::unlink((path_ + suffix).c_str());
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    const std::string& path() const { return path_; }
    Result<void> name(const std::string& final) {
        DP_CHECK(sync(path_));
        DP_CHECK(rename(path_, final));
        return sync(fs::path(final).parent_path().empty() ? "." : fs::path(final).parent_path().string());
    }

private:
    std::string path_;
};

/// A copy of the database at `source` in a draft.
Result<std::unique_ptr<Connection>> copy(const std::string& source, const Draft& draft) {
    if (::access(source.c_str(), R_OK) != 0) return refuse(source, "cannot be read: " + reason(errno) + ".");
    DP_CHECK(make_private(draft.path()));
    DP_TRY(from, lift(Connection::open(source, Access::Read), source));
    DP_TRY(into, lift(Connection::open(draft.path(), Access::Copy), draft.path()));
    DP_CHECK(lift(into->copy_from(*from), source));
    return into;
}

/// The indexes against their tables, too: more than a server looks for beside its work.
Result<void> check_integrity(Connection& database, const std::string& path) {
    DP_TRY(check, lift(database.prepare("PRAGMA integrity_check(3)"), path));
    std::string found;
    DP_CHECK(
        lift(each_row(check->bind(), [&](sqlite::Statement& row) { found.append(row.text(0)).append("; "); }), path));
    if (found == "ok; ") return {};
    return fail(ErrorCode::Internal, path + " is damaged: " + found + "restore an older backup.");
}

Result<BackupFacts> verify(Connection& database, const std::string& path) {
    DP_CHECK(check_integrity(database, path));
    DP_TRY(audit, sqlite::audit_verdict(database));
    if (!audit.intact)
        return fail(ErrorCode::Internal, fmt::format("{}: the audit chain does not hold. {}", path, audit.problem));
    BackupFacts facts{.audit_entries = audit.entries, .audit_head = audit.head};
    DP_TRY(last, lift(database.prepare("SELECT COALESCE(MAX(sequence), 0) FROM events"), path));
    DP_CHECK(
        lift(each_row(last->bind(),
                      [&](sqlite::Statement& row) { facts.last_event = static_cast<std::uint64_t>(row.integer(0)); }),
             path));
    return facts;
}

Result<std::string> needed_key(Connection& backup, const std::string& path, BackupFacts& facts) {
    auto select = lift(backup.prepare("SELECT key_fingerprint, taken_at FROM backup_notes"), path);
    if (!select) return fail(ErrorCode::Internal, path + " is no backup: dialplane backup makes one.");
    std::string fingerprint;
    DP_CHECK(lift(each_row((*select)->bind(),
                           [&](sqlite::Statement& row) {
                               fingerprint = row.text(0);
                               facts.taken = from_millis(row.integer(1));
                           }),
                  path));
    return fingerprint;
}

/// Where the database that was there goes. The marker remembers it: a restore that is run again after it was cut short
/// keeps file and log together.
Result<std::string> begin_replacing(const std::string& directory, WallTime now) {
    const std::string marker = restore_marker(directory);
    std::string kept;
    if (std::ifstream before(marker); std::getline(before, kept) && !kept.empty()) return kept;
    std::string stamp = to_rfc3339(now);
    std::erase_if(stamp, [](char c) { return c == ':' || c == '-' || c == '.'; });
    kept = directory + "/before-restore-" + stamp + ".db";
    DP_CHECK(make_private(marker));
    if (!(std::ofstream(marker) << kept << '\n').flush()) return refuse(marker, "cannot be written.");
    DP_CHECK(sync(marker));
    DP_CHECK(sync(directory));
    return kept;
}

/// The database, its log and what its outbox had spilled. The log keeps the name that SQLite looks for: what is kept can
/// be opened as it is.
Result<void> set_aside(const std::string& directory, const std::string& kept) {
    const std::string present = directory + std::string(kDatabase);
    DP_CHECK(rename(present + "-wal", kept + "-wal"));
    DP_CHECK(rename(spill_path(directory), kept + ".spill"));
    ::unlink((present + "-shm").c_str());
    return rename(present, kept);
}

}  // namespace

std::string restore_marker(const std::string& directory) {
    return directory + "/restore.unfinished";
}

Result<BackupFacts> write_backup(const std::string& directory, const std::string& file, WallTime now) {
    if (fs::exists(file)) return refuse(file, "exists: give the backup another name.");
    const std::string source = directory + std::string(kDatabase);
    // Where a server runs the log moves; it was looked at when that server started.
    if (lock_file(directory + "/dialplane.lock")) DP_CHECK(sqlite::check_wal(source + "-wal"));
    DP_TRY(key, SealingKey::load(directory + "/secret.key"));
    Draft draft(file + ".part");
    DP_TRY(database, copy(source, draft));
    DP_TRY(facts, verify(*database, source));
    facts.taken = now;
    DP_CHECK(
        lift(database->execute("DROP TABLE IF EXISTS backup_notes; CREATE TABLE backup_notes (key_fingerprint TEXT "
                               "NOT NULL, taken_at BIGINT NOT NULL)"),
             file));
    DP_CHECK(lift(sqlite::run(*database, "INSERT INTO backup_notes (key_fingerprint, taken_at) VALUES (?, ?)",
                              fingerprint_of(*key), to_millis(now)),
                  file));
    database.reset();
    DP_CHECK(draft.name(file));
    facts.octets = fs::file_size(file);
    return facts;
}

Result<Restored> restore_backup(const std::string& directory, const std::string& file, WallTime now) {
    std::error_code problem;
    if (fs::create_directories(directory, problem)) ::chmod(directory.c_str(), 0700);
    DP_TRY(lock, lock_file(directory + "/dialplane.lock"));
    DP_TRY(key, SealingKey::load(directory + "/secret.key"));
    Draft draft(directory + "/dialplane.db.restoring");
    DP_TRY(database, copy(file, draft));
    Restored out;
    DP_TRY(facts, verify(*database, file));
    DP_TRY(fingerprint, needed_key(*database, file, facts));
    if (fingerprint != fingerprint_of(*key))
        return refuse(directory + "/secret.key",
                      "is not the key of this backup: put the one of the server that was backed up in its place.");
    DP_CHECK(lift(database->execute("DROP TABLE backup_notes"), file));
    DP_CHECK(lift(sqlite::migrate(*database, sqlite::embedded_migrations(), now), file));
    database.reset();
    facts.octets = fs::file_size(file);
    out.backup = std::move(facts);

    DP_TRY(kept, begin_replacing(directory, now));
    DP_CHECK(set_aside(directory, kept));
    DP_CHECK(draft.name(directory + std::string(kDatabase)));
    ::unlink(restore_marker(directory).c_str());
    if (fs::exists(kept)) out.kept_as = std::move(kept);
    return out;
}

}  // namespace dp::store
