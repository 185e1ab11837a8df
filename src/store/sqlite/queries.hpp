#pragma once
/// @file The store's reads: history of conversations, events since a cursor, audit entries, idempotency records, and
/// what is loaded at start.
///
/// Threads: that of the connection handed in.

#include "store/sqlite/connection.hpp"
#include "telephony/config/snapshot.hpp"
#include "telephony/ports/store.hpp"

namespace dp::store::sqlite {

Result<telephony::Ptr<telephony::Conversation>> find_conversation(Connection& connection,
                                                                  const telephony::OrganizationId& organization,
                                                                  const telephony::ConversationId& id);
Result<telephony::Page<telephony::Conversation>> find_conversations(Connection& connection,
                                                                    const telephony::ConversationQuery& query);
Result<std::vector<telephony::Event>> find_events(Connection& connection, const telephony::EventQuery& query);
/// Is this very event in the log, whatever its sequence number?
Result<bool> has_event(Connection& connection, const telephony::Event& event);
Result<std::vector<telephony::AuditEntry>> find_audit(Connection& connection, const telephony::AuditQuery& query);
Result<telephony::WebhookBacklog> find_webhook_backlog(Connection& connection,
                                                       const telephony::OrganizationId& organization,
                                                       const telephony::WebhookId& webhook);
Result<std::vector<telephony::WebhookDelivery>> find_deliveries(Connection& connection,
                                                                const telephony::DeliveryQuery& query);
Result<std::optional<telephony::IdempotencyRecord>> find_idempotency(Connection& connection, const std::string& scope,
                                                                     const std::string& key, WallTime now);

Result<telephony::Ptr<telephony::Snapshot>> load_snapshot(Connection& connection);
Result<std::vector<telephony::AccessGrant>> load_grants(Connection& connection, WallTime now);
/// Conversations without an end: of a process that died.
Result<std::vector<telephony::Conversation>> open_conversations(Connection& connection);

/// Recomputes the audit chain.
Result<telephony::AuditVerdict> audit_verdict(Connection& connection);
/// The same as an error: Internal naming the first entry that does not fit.
Result<void> verify_audit_chain(Connection& connection);

/// Reads every table and index: Internal with what to do, if one is damaged.
Result<void> find_damage(Connection& connection);

}  // namespace dp::store::sqlite
