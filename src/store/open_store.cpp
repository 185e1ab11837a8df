#include "store/open_store.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.hpp"
#include "store/backup.hpp"
#include "store/lock_file.hpp"
#include "store/spill_file.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/wal_check.hpp"

namespace dp::store {
namespace {

using sqlite::Access;
using sqlite::Connection;

Result<void> make_directory(const std::string& directory) {
    std::error_code problem;
    const bool made = std::filesystem::create_directories(directory, problem);
    if (problem)
        return fail(ErrorCode::Unavailable,
                    "The data directory " + directory + " cannot be made: " + problem.message() + ".");
    if (made) ::chmod(directory.c_str(), 0700);
    return {};
}

// SQLite gives its journal files the mode of the database: made by us, nobody else may read any of them.
Result<void> make_private_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return fail(ErrorCode::Unavailable, "The database " + path + " cannot be opened for writing (" +
                                                std::generic_category().message(errno) +
                                                "): check the data directory.");
    ::close(descriptor);
    return {};
}

template <class T>
Result<T> lift(sqlite::Outcome<T>&& outcome, const std::string& path) {
    if (outcome) {
        if constexpr (std::is_void_v<T>)
            return {};
        else
            return std::move(*outcome);
    }
    Error error = std::move(outcome).error().error;
    error.detail += " [" + path + "]";
    return std::unexpected(std::move(error));
}

/// Every row is read once, and from the snapshot from then on. Pages that were kept meanwhile would lie between the
/// entities, and the gaps that they leave are too small to be given back: 380 octets more for each of 100,000 numbers.
Result<telephony::Ptr<telephony::Snapshot>> load(Connection& connection, const std::string& path) {
    DP_TRY(usual, lift(connection.cache_size(), path));
    DP_CHECK(lift(connection.set_cache_size(sqlite::kPassingCache), path));
    DP_TRY(snapshot, sqlite::load_snapshot(connection));
    DP_CHECK(lift(connection.set_cache_size(usual), path));
    DP_CHECK(lift(connection.execute("PRAGMA shrink_memory"), path));
    ::malloc_trim(0);
    return snapshot;
}

Result<sqlite::SqliteStore::Parts> open_parts(const StoreOptions& options, const Clock& clock) {
    const std::string path = options.directory + "/dialplane.db";
    sqlite::SqliteStore::Parts parts;
    parts.path = path;
    DP_CHECK(make_directory(options.directory));
    DP_TRY(lock, lock_file(options.directory + "/dialplane.lock"));
    parts.lock = std::move(lock);
    if (::access(restore_marker(options.directory).c_str(), F_OK) == 0)
        return fail(ErrorCode::Unavailable,
                    "A restore of this data directory did not finish: run the same dialplane restore again.");
    DP_CHECK(sqlite::check_wal(path + "-wal"));
    DP_CHECK(make_private_file(path));
    DP_TRY(connection, lift(Connection::open(path, Access::Write), path));
    parts.connection = std::move(connection);
    DP_CHECK(lift(sqlite::migrate(*parts.connection, sqlite::embedded_migrations(), clock.wall()), path));
    DP_TRY(snapshot, load(*parts.connection, path));
    parts.snapshot = std::move(snapshot);
    if (options.durability == Durability::None)
        DP_CHECK(lift(parts.connection->execute("PRAGMA synchronous=OFF"), path));
    if (options.threading == Threading::Inline) return parts;
    DP_TRY(readers, lift(sqlite::ReaderPool::open(path, options.readers), path));
    parts.readers = std::move(readers);
    return parts;
}

}  // namespace

Result<OpenedStore> open_store(const StoreOptions& options, const Clock& clock, Random& random) {
    DP_TRY(parts, open_parts(options, clock));
    const bool first_run = parts.snapshot->organizations().empty();
    auto store = std::make_unique<sqlite::SqliteStore>(std::move(parts), options, clock, random);
    const std::string spill = spill_path(options.directory);
    DP_TRY(spilled, read_spill_file(spill));
    DP_TRY(closed, store->recover(spilled));
    if (!spilled.empty()) log::warn("store", "{} records of the last process came from {}", spilled.size(), spill);
    ::unlink(spill.c_str());
    store->start();
    return OpenedStore{std::move(store), first_run, closed};
}

}  // namespace dp::store
