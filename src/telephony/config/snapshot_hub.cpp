#include "telephony/config/snapshot_hub.hpp"

namespace dp::telephony {

SnapshotHub::SnapshotHub() : current_(std::make_shared<const Snapshot>()) {}

Ptr<Snapshot> SnapshotHub::current() const {
    std::lock_guard lock(mutex_);
    return current_;
}

void SnapshotHub::publish(Ptr<Snapshot> next) {
    const std::uint64_t revision = next->revision();
    {
        std::lock_guard lock(mutex_);
        current_.swap(next);
    }
    revision_.store(revision, std::memory_order_release);
    // `next` now holds the snapshot before; its nodes are freed here, outside the lock.
}

}  // namespace dp::telephony
