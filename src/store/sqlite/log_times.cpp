#include "store/sqlite/log_times.hpp"

namespace dp::store::sqlite {
namespace {

constexpr auto kWidth = static_cast<std::int64_t>(kStretch);

struct LogText {
    std::string_view open, close, within, full;
};

const LogText& text_of(Log log) {
    static constexpr LogText kEvents{
        "SELECT time FROM events WHERE sequence >= ?",
        "INSERT OR REPLACE INTO event_times (stretch, earliest, latest) VALUES (?, ?, ?)",
        "SELECT stretch FROM event_times WHERE stretch BETWEEN ? AND ? AND latest >= ? AND earliest < ? ORDER BY "
        "stretch",
        "SELECT COALESCE(MAX(stretch), -1) + 1 FROM event_times"};
    static constexpr LogText kAudit{
        "SELECT time FROM audit_entries WHERE sequence >= ?",
        "INSERT OR REPLACE INTO audit_times (stretch, earliest, latest) VALUES (?, ?, ?)",
        "SELECT stretch FROM audit_times WHERE stretch BETWEEN ? AND ? AND latest >= ? AND earliest < ? ORDER BY "
        "stretch",
        "SELECT COALESCE(MAX(stretch), -1) + 1 FROM audit_times"};
    return log == Log::Events ? kEvents : kAudit;
}

void append(std::vector<SequenceRange>& out, SequenceRange range, const SequenceRange& bounds) {
    range = {std::max(range.first, bounds.first), std::min(range.last, bounds.last)};
    if (range.first > range.last) return;
    if (!out.empty() && out.back().last + 1 == range.first)
        out.back().last = range.last;
    else
        out.push_back(range);
}

}  // namespace

Outcome<LogTimes> LogTimes::load(Connection& connection, Log log, std::uint64_t last_sequence) {
    LogTimes out;
    DP_TRY(select, connection.prepare(text_of(log).open));
    DP_CHECK(each_row(select->bind(last_sequence / kStretch * kStretch), [&](Statement& row) {
        out.earliest_ = std::min(out.earliest_, row.integer(0));
        out.latest_ = std::max(out.latest_, row.integer(0));
    }));
    return out;
}

Outcome<void> LogTimes::note(Connection& connection, Log log, std::uint64_t sequence, std::int64_t time) {
    if (sequence % kStretch == 0) {
        if (earliest_ <= latest_)
            DP_CHECK(run(connection, text_of(log).close, sequence / kStretch - 1, earliest_, latest_));
        *this = {};
    }
    earliest_ = std::min(earliest_, time);
    latest_ = std::max(latest_, time);
    return {};
}

Outcome<std::vector<SequenceRange>> sequences_within(Connection& connection, Log log, SequenceRange bounds,
                                                     std::optional<std::int64_t> from,
                                                     std::optional<std::int64_t> until) {
    using Times = std::numeric_limits<std::int64_t>;
    const LogText& text = text_of(log);
    // Read first: a stretch that is closed meanwhile lies after it, where everything is read.
    std::int64_t full = 0;
    DP_TRY(end, connection.prepare(text.full));
    DP_CHECK(each_row(end->bind(), [&](Statement& row) { full = row.integer(0); }));
    std::vector<SequenceRange> out;
    DP_TRY(select, connection.prepare(text.within));
    select->bind(bounds.first / kWidth, std::min(bounds.last / kWidth, full - 1), from.value_or(Times::min()),
                 until.value_or(Times::max()));
    DP_CHECK(each_row(*select, [&](Statement& row) {
        const std::int64_t first = row.integer(0) * kWidth;
        append(out, {first, first + kWidth - 1}, bounds);
    }));
    append(out, {full * kWidth, Times::max()}, bounds);
    return out;
}

}  // namespace dp::store::sqlite
