#pragma once
/// @file LogTimes: which stretches of a log hold what times, so that a question about a time span reads only those. One
/// row for every 1,024 sequence numbers (migration 13), written when the stretch is full; the one being filled is kept
/// in memory by the writer and always read.
///
/// Threads: LogTimes is the writer's; sequences_within() that of its connection. Both ends of a stretch's times are
/// kept, so that times which do not follow the sequence (an event told late, a clock set back) are found all the same.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "store/sqlite/connection.hpp"

namespace dp::store::sqlite {

enum class Log : std::uint8_t { Events, Audit };

inline constexpr std::uint64_t kStretch = 1024;  ///< sequence numbers; on disk: never change it

/// The stretch being filled. A value: a unit that is undone gives it back as it was.
class LogTimes {
public:
    /// What the log's last stretch holds so far.
    static Outcome<LogTimes> load(Connection& connection, Log log, std::uint64_t last_sequence);
    /// Before `sequence` is written: closes the stretch before when this one begins a new one.
    Outcome<void> note(Connection& connection, Log log, std::uint64_t sequence, std::int64_t time);

private:
    std::int64_t earliest_ = std::numeric_limits<std::int64_t>::max();
    std::int64_t latest_ = std::numeric_limits<std::int64_t>::min();
};

/// Sequence numbers `first` to `last`, both included.
struct SequenceRange {
    std::int64_t first = 0;
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
    bool operator==(const SequenceRange&) const = default;
};

/// The parts of `bounds` that can hold a time in [from, until), in order, none touching the next. More may match than
/// what is of that time: the caller still compares.
Outcome<std::vector<SequenceRange>> sequences_within(Connection& connection, Log log, SequenceRange bounds,
                                                     std::optional<std::int64_t> from,
                                                     std::optional<std::int64_t> until);

}  // namespace dp::store::sqlite
