#include "store/sqlite/event_retention.hpp"

#include "telephony/events/event.hpp"

namespace dp::store::sqlite {

Outcome<bool> EventRetention::trim(Connection& connection, WallTime older_than) {
    // Times follow the sequence closely, not strictly: what a call told late is at most as late as its call was long.
    DP_TRY(select,
           connection.prepare(
               "SELECT sequence, time FROM events WHERE sequence > ?1 AND sequence < (SELECT MAX(sequence) FROM "
               "events) AND sequence <= (SELECT COALESCE(MIN(log_cursor), 9223372036854775807) FROM "
               "webhook_lanes) ORDER BY sequence LIMIT ?2"));
    const std::int64_t limit = to_millis(older_than);
    std::int64_t last = done_;
    int looked_at = 0;
    bool young = false;
    DP_CHECK(each_row(select->bind(done_, kBatch), [&](Statement& row) {
        young = young || row.integer(1) >= limit;
        if (young) return;
        last = row.integer(0);
        ++looked_at;
    }));
    if (last == done_) return false;
    DP_CHECK(run(connection,
                 "DELETE FROM events WHERE sequence > ? AND sequence <= ? AND type <> ? AND sequence NOT IN (SELECT "
                 "event_sequence FROM webhook_deliveries WHERE state <> 'delivered')",
                 done_, last, telephony::event_type::kNumberRoutingChanged));
    done_ = last;
    return looked_at == kBatch;
}

}  // namespace dp::store::sqlite
