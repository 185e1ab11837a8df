#include "store/store_faults.hpp"

namespace dp::store {

void StoreFaults::set(FaultKind kind, std::uint64_t after) {
    const std::scoped_lock lock(mutex_);
    kind_ = kind;
    after_ = after;
    changed_.notify_all();
}

void StoreFaults::release() {
    const std::scoped_lock lock(mutex_);
    kind_ = FaultKind::None;
    released_ = true;
    changed_.notify_all();
}

FaultKind StoreFaults::kind() const {
    const std::scoped_lock lock(mutex_);
    return kind_;
}

std::uint64_t StoreFaults::struck() const {
    const std::scoped_lock lock(mutex_);
    return struck_;
}

std::optional<Error> StoreFaults::strike() {
    std::unique_lock lock(mutex_);
    if (kind_ != FaultKind::None && after_ > 0) return --after_, std::nullopt;
    if (kind_ != FaultKind::None) ++struck_;
    changed_.wait(lock, [this] { return kind_ != FaultKind::Stall || released_; });
    switch (kind_) {
        case FaultKind::Refuse:
            return Error{ErrorCode::Internal, "The database failed: the sandbox was asked to make it fail.", {}};
        case FaultKind::Full:
            return Error{ErrorCode::Unavailable, "The disk is full: the sandbox was asked to act as if it were.", {}};
        case FaultKind::None:
        case FaultKind::Stall:
            break;
    }
    return std::nullopt;
}

}  // namespace dp::store
