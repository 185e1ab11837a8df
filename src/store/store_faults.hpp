#pragma once
/// @file StoreFaults: failures of the store on demand, so that a client can see what a failing one means for it (seed 3
/// "500 Internal Server Error"). Only the sandbox makes one; a store without it has no such seam.
///
/// Threads: any; the writer thread strikes, others set and lift. A stall holds the writer as a disk that does not answer
/// would, until it is lifted.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/error.hpp"

namespace dp::store {

enum class FaultKind : std::uint8_t {
    None,
    Refuse,  ///< every write fails as on a damaged database: Internal
    Full,    ///< every write fails as on a full disk: Unavailable
    Stall,   ///< no write ends
};

class StoreFaults {
public:
    /// From the next write on, or after so many more, until None is set.
    void set(FaultKind kind, std::uint64_t after = 0);
    /// The process ends: nothing may hold the writer any longer.
    void release();

    FaultKind kind() const;
    /// Transactions that were refused or held.
    std::uint64_t struck() const;

    /// The writer, before each transaction: the error that it ends with, if any. Returns from a stall when it is over.
    std::optional<Error> strike();

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    FaultKind kind_ = FaultKind::None;
    std::uint64_t after_ = 0;  ///< transactions that still pass
    bool released_ = false;
    std::uint64_t struck_ = 0;
};

}  // namespace dp::store
