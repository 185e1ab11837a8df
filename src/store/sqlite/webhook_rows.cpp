#include <algorithm>

#include "store/sqlite/queries.hpp"
#include "store/sqlite/query_text.hpp"
#include "store/sqlite/unit_writer.hpp"
#include "telephony/names.hpp"

namespace dp::store::sqlite {

namespace t = dp::telephony;

namespace {

constexpr std::string_view kColumns =
    "organization_id, webhook_id, event_sequence, state, attempts, first_attempt_at, last_attempt_at, next_attempt_at, "
    "http_status, latency_ms, error";
constexpr std::size_t kMaxDeliveries = 1000;

t::WebhookDelivery read_delivery(Statement& row) {
    return {.organization = t::OrganizationId(std::string(row.text(0))),
            .webhook = t::WebhookId(std::string(row.text(1))),
            .event = static_cast<std::uint64_t>(row.integer(2)),
            .state = t::from_name<t::DeliveryState>(row.text(3)).value_or(t::DeliveryState::Dead),
            .attempts = static_cast<int>(row.integer(4)),
            .first_attempt = from_millis(row.integer(5)),
            .last_attempt = from_millis(row.integer(6)),
            .next_attempt = from_millis(row.integer(7)),
            .http_status = static_cast<int>(row.integer(8)),
            .latency = std::chrono::milliseconds(row.integer(9)),
            .error = std::string(row.text(10))};
}

Outcome<std::vector<t::WebhookDelivery>> deliveries(Connection& connection, const QueryText& text) {
    DP_TRY(statement, text.prepare(connection));
    std::vector<t::WebhookDelivery> out;
    DP_CHECK(each_row(*statement, [&](Statement& row) { out.push_back(read_delivery(row)); }));
    return out;
}

Outcome<void> put_delivery(Connection& connection, const t::WebhookDelivery& d) {
    // A webhook that was removed meanwhile takes nothing with it: the row is left out, the unit goes on.
    return run(connection,
               "INSERT INTO webhook_deliveries (organization_id, webhook_id, event_sequence, state, attempts, "
               "first_attempt_at, last_attempt_at, next_attempt_at, http_status, latency_ms, error) "
               "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM webhooks WHERE organization_id = ?1 AND id = ?2 "
               "ON CONFLICT (organization_id, webhook_id, event_sequence) DO UPDATE SET state = excluded.state, "
               "attempts = excluded.attempts, first_attempt_at = excluded.first_attempt_at, last_attempt_at = "
               "excluded.last_attempt_at, next_attempt_at = excluded.next_attempt_at, "
               "http_status = excluded.http_status, latency_ms = excluded.latency_ms, error = excluded.error",
               d.organization.str(), d.webhook.str(), d.event, t::name_of(d.state), d.attempts,
               to_millis(d.first_attempt), to_millis(d.last_attempt), to_millis(d.next_attempt), d.http_status,
               static_cast<std::int64_t>(d.latency.count()), d.error);
}

Outcome<void> move_lane(Connection& connection, const t::WebhookLane& lane) {
    return run(connection, "UPDATE webhook_lanes SET log_cursor = ? WHERE organization_id = ? AND webhook_id = ?",
               lane.cursor, lane.organization.str(), lane.webhook.str());
}

}  // namespace

Outcome<void> UnitWriter::put_webhook_progress(const t::UnitOfWork& unit) {
    for (const t::WebhookDelivery& each : unit.deliveries) DP_CHECK(put_delivery(connection_, each));
    for (const t::WebhookLane& each : unit.lanes) DP_CHECK(move_lane(connection_, each));
    for (const t::WebhookLane& each : unit.rewinds) {
        DP_CHECK(move_lane(connection_, each));
        DP_CHECK(run(connection_,
                     "DELETE FROM webhook_deliveries WHERE organization_id = ? AND webhook_id = ? AND "
                     "event_sequence > ?",
                     each.organization.str(), each.webhook.str(), each.cursor));
    }
    return {};
}

// Documents mention a person by id, as a JSON string: the quotation marks keep `user-1` from finding `user-10`.
Outcome<void> UnitWriter::erase_audit(const t::AuditErasure& erasure) {
    const std::string mention = '"' + erasure.person + '"';
    return run(connection_,
               "UPDATE audit_entries SET before_doc = '', after_doc = '', salt = NULL, "
               "actor_id = CASE WHEN actor_id = ?2 THEN 'erased' ELSE actor_id END, "
               "entity_id = CASE WHEN entity_id = ?2 THEN 'erased' ELSE entity_id END "
               "WHERE organization_id = ?1 AND salt IS NOT NULL AND (actor_id = ?2 OR entity_id = ?2 OR "
               "instr(before_doc, ?3) > 0 OR instr(after_doc, ?3) > 0)",
               erasure.organization.str(), erasure.person, mention);
}

Result<t::WebhookBacklog> find_webhook_backlog(Connection& connection, const t::OrganizationId& organization,
                                               const t::WebhookId& webhook) {
    t::WebhookBacklog out;
    QueryText lane("SELECT log_cursor FROM webhook_lanes");
    lane.where("organization_id = ?", organization.str()).where("webhook_id = ?", webhook.str());
    auto statement = lane.prepare(connection);
    if (!statement) return std::unexpected(std::move(statement).error().error);
    auto read = each_row(**statement, [&](Statement& row) {
        out.cursor = static_cast<std::uint64_t>(row.integer(0));
        out.found = true;
    });
    if (!read) return std::unexpected(std::move(read).error().error);
    QueryText text(std::string("SELECT ").append(kColumns).append(" FROM webhook_deliveries"));
    text.where("organization_id = ?", organization.str())
        .where("webhook_id = ?", webhook.str())
        .where("(state = 'pending' OR event_sequence > ?)", static_cast<std::int64_t>(out.cursor))
        .tail("ORDER BY event_sequence");
    auto found = deliveries(connection, text);
    if (!found) return std::unexpected(std::move(found).error().error);
    out.deliveries = std::move(*found);
    return out;
}

Result<std::vector<t::WebhookDelivery>> find_deliveries(Connection& connection, const t::DeliveryQuery& query) {
    QueryText text(std::string("SELECT ").append(kColumns).append(" FROM webhook_deliveries"));
    text.where("organization_id = ?", query.organization.str()).where("webhook_id = ?", query.webhook.str());
    if (query.state) text.where("state = ?", std::string(t::name_of(*query.state)));
    if (query.before) text.where("event_sequence < ?", static_cast<std::int64_t>(query.before));
    text.tail("ORDER BY event_sequence DESC LIMIT ?")
        .value(static_cast<std::int64_t>(std::clamp<std::size_t>(query.limit, 1, kMaxDeliveries)));
    auto found = deliveries(connection, text);
    if (!found) return std::unexpected(std::move(found).error().error);
    return std::move(*found);
}

}  // namespace dp::store::sqlite
