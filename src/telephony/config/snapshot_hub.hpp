#pragma once
/// @file SnapshotHub: where the store writer publishes the current snapshot and every thread finds it.
///
/// `current()` takes a lock for one pointer copy. A thread that reads often keeps a SnapshotReader: it compares a
/// revision counter (one atomic load) and takes the lock only when something was published since.

#include <atomic>
#include <mutex>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

class SnapshotHub {
public:
    SnapshotHub();
    Ptr<Snapshot> current() const;
    std::uint64_t revision() const { return revision_.load(std::memory_order_acquire); }
    /// The store writer only.
    void publish(Ptr<Snapshot> next);

private:
    mutable std::mutex mutex_;
    Ptr<Snapshot> current_;
    std::atomic<std::uint64_t> revision_{0};
};

/// One per thread.
class SnapshotReader {
public:
    explicit SnapshotReader(const SnapshotHub& hub) : hub_(hub), held_(hub.current()) {}
    const Ptr<Snapshot>& get() {
        if (held_->revision() != hub_.revision()) held_ = hub_.current();
        return held_;
    }

private:
    const SnapshotHub& hub_;
    Ptr<Snapshot> held_;
};

}  // namespace dp::telephony
