#pragma once
/// @file Opening the store: data directory, lock file, migrations, snapshot, the dead process's spill file taken in, its
/// open calls closed, writer and reader threads started.
///
/// Threads: start-up. Errors: Unavailable when another process holds the lock or the directory is not writable;
/// Internal when the database is corrupt or newer than this program; each says what to do.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "telephony/ports/store.hpp"

namespace dp::store {

class StoreFaults;

enum class Threading {
    Threads,  ///< the product: a writer and some readers
    Inline,   ///< simulation: everything happens on the calling thread, replies are still posted to their executor
};
enum class Durability {
    Full,  ///< a reply means: on disk (synchronous=FULL)
    None,  ///< simulation and tests that lose nothing by losing it
};

struct StoreOptions {
    std::string directory;     ///< made (0700) when it is not there
    std::size_t queue = 8192;  ///< units of work waiting; beyond: Unavailable
    std::size_t batch = 512;   ///< units per transaction at most
    std::size_t readers = 2;   ///< read-only connections, a thread each
    Threading threading = Threading::Threads;
    Durability durability = Durability::Full;
    std::chrono::hours events_kept{0};              ///< how long events stay in the log; 0: for good
    std::shared_ptr<StoreFaults> faults = nullptr;  ///< the sandbox's
};

struct OpenedStore {
    std::unique_ptr<telephony::Store> store;
    bool first_run = false;                ///< no organization yet: seed one
    std::size_t closed_conversations = 0;  ///< ended as `server_restart`
};

/// `clock` and `random` must outlive the store.
Result<OpenedStore> open_store(const StoreOptions& options, const Clock& clock, Random& random);

}  // namespace dp::store
