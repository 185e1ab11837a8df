#pragma once
/// @file EventRetention: the front of the event log goes when it is old enough, a batch at a time between transactions.
/// Never the newest event (the next sequence number follows from it), nothing that a webhook has still to be told, and
/// no routing of a number, whose history is read from the log. Audit entries are not events: they stay.
///
/// Threads: the store's writer. Errors: Fault; the next call tries the same batch.

#include "base/clock.hpp"
#include "store/sqlite/connection.hpp"

namespace dp::store::sqlite {

class EventRetention {
public:
    static constexpr int kBatch = 1000;  ///< events looked at in one call

    /// True when there may be more to do at once.
    Outcome<bool> trim(Connection& connection, WallTime older_than);

private:
    std::int64_t done_ = 0;  ///< everything up to here is gone or stays for good
};

}  // namespace dp::store::sqlite
