#pragma once
/// @file Store: the port behind which everything durable stands. A write is a unit of work: it is committed as a whole
/// with its events and audit entries or not at all, and a reply means that it is on disk, in the snapshot and visible
/// to every later read on this node.
///
/// Threads: every function may be called from any thread. Replies run on the executor named, in the order of commit;
/// when a request is refused at once (queue full, stopping) its reply runs on the calling thread before the call
/// returns. Every reply runs exactly once. Errors: Conflict (version), Duplicate (`field` = id of what exists),
/// InvalidValue (a reference that leads nowhere), Unavailable (queue full, disk full, read-only, stopping), Internal
/// (database corrupt). Source: flows.md "Configuration"; control-plane 2.2, 7.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "telephony/config/entity.hpp"
#include "telephony/config/snapshot_hub.hpp"
#include "telephony/conversation/conversation.hpp"
#include "telephony/events/audit_entry.hpp"
#include "telephony/events/event.hpp"
#include "telephony/events/webhook_delivery.hpp"

namespace dp::telephony {

inline constexpr std::int64_t kMustNotExist = 0;
inline constexpr std::int64_t kAnyVersion = -1;  ///< last write wins; creates when absent
inline constexpr std::int64_t kMustExist = -2;   ///< last write wins; NotFound when absent

/// Insert or replace. The store sets `meta.version` (stored version + 1) and keeps `meta.created*` of what it replaces.
/// What equals the stored entity is not written and keeps its version.
struct Put {
    Entity entity;
    std::int64_t expected_version = kMustNotExist;
};

struct Remove {
    EntityType type;
    OrganizationId organization;
    std::string id;
    std::int64_t expected_version = kAnyVersion;
};

/// The answer that a create gave under an Idempotency-Key (24 h).
struct IdempotencyRecord {
    std::string scope;  ///< client id and route
    std::string key;
    std::string request_sha256;
    int http_status = 0;
    std::string response;  ///< body as answered
};

struct UnitOfWork {
    std::vector<Put> puts;                    ///< written in this order
    std::vector<Remove> removes;              ///< after the puts
    std::vector<Conversation> conversations;  ///< inserted or replaced when newer (meta.version)
    std::vector<AccessGrant> grants;          ///< inserted or replaced
    std::vector<std::string> revoked_grants;  ///< token_sha256
    std::vector<Event> events;                ///< sequence given by the store
    std::vector<AuditEntry> audit;            ///< sequence, before and after given by the store
    std::vector<WebhookDelivery> deliveries;  ///< inserted or replaced; nothing when the webhook is gone
    std::vector<WebhookLane> lanes;           ///< where each stands now
    std::vector<WebhookLane> rewinds;         ///< back to there: forgets the deliveries of later events
    std::vector<AuditErasure> erasures;       ///< before the unit's own audit entries
    std::optional<IdempotencyRecord> idempotency;
};

struct Committed {
    Ptr<Snapshot> snapshot;                   ///< contains this unit (and perhaps later ones)
    std::vector<EntityPtr> entities;          ///< the puts as stored, in their order
    std::uint64_t last_event = 0;             ///< sequence of the unit's last event; 0 when it has none
    std::optional<IdempotencyRecord> replay;  ///< the key was used before for the same request: nothing was written
};

template <class T>
using Reply = std::move_only_function<void(Result<T>)>;

template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next;  ///< opaque cursor; absent at the end
};

struct ConversationQuery {
    OrganizationId organization{};
    UserId agent{};                              ///< empty: any
    std::optional<WallTime> from{}, until{};     ///< by start
    std::vector<ConversationStatus> statuses{};  ///< empty: any
    std::string cursor{};
    std::size_t limit = 100;  ///< newest first
};

enum class LogOrder : std::uint8_t { OldestFirst, NewestFirst };

struct EventQuery {
    OrganizationId organization{};
    std::uint64_t after = 0;                  ///< sequence
    std::vector<std::string> types{};         ///< empty: any
    std::vector<std::string> resource_ids{};  ///< empty: any
    std::optional<WallTime> from{}, until{};
    std::size_t limit = 1000;
    LogOrder order = LogOrder::OldestFirst;
    std::uint64_t before = 0;  ///< sequence; 0: no bound
};

struct AuditQuery {
    OrganizationId organization{};
    std::uint64_t after = 0;
    std::vector<std::string> entity_ids{};
    std::vector<std::string> actions{};
    std::optional<WallTime> from{}, until{};
    std::size_t limit = 1000;
    LogOrder order = LogOrder::OldestFirst;
    std::uint64_t before = 0;
    std::vector<std::string> entity_types{};
    std::vector<std::string> actor_ids{};
    std::vector<std::string> request_ids{};
};

/// What is known of a lane when its webhook is taken up: where it stands, and what is unfinished or beyond that point.
struct WebhookBacklog {
    std::uint64_t cursor = 0;
    std::vector<WebhookDelivery> deliveries{};  ///< in order of events
    bool found = false;                         ///< false: there is no such webhook
};

struct DeliveryQuery {
    OrganizationId organization{};
    WebhookId webhook{};
    std::optional<DeliveryState> state{};
    std::uint64_t before = 0;  ///< event sequence; 0: from the newest
    std::size_t limit = 100;   ///< newest first
};

/// What verifying the whole audit chain found.
struct AuditVerdict {
    bool intact = true;
    std::string problem{};  ///< names the first entry that does not fit
    std::uint64_t entries = 0;
    std::uint64_t erased = 0;  ///< entries whose payload was erased
    std::string head{};        ///< hex digest of the last entry: keep it elsewhere to notice a cut end
};

/// Called on the store's thread after each commit with the events it contains, in order. Must not block or throw: it
/// posts to its own thread. Ends with the store.
using CommitListener = std::function<void(const std::shared_ptr<const std::vector<Event>>&)>;

struct StoreHealth {
    bool writable = true;
    std::string problem;  ///< what is wrong, and what to do
    std::size_t queued = 0;
    std::uint64_t committed_units = 0;
    std::uint64_t last_event = 0;
};

class Store {
public:
    virtual ~Store() = default;

    virtual void submit(UnitOfWork unit, Executor& reply_on, Reply<Committed> reply) = 0;

    virtual void find_conversation(OrganizationId organization, ConversationId id, Executor& reply_on,
                                   Reply<Ptr<Conversation>> reply) = 0;  ///< null when it is not there
    virtual void find_conversations(ConversationQuery query, Executor& reply_on, Reply<Page<Conversation>> reply) = 0;
    virtual void find_events(EventQuery query, Executor& reply_on, Reply<std::vector<Event>> reply) = 0;
    virtual void find_audit(AuditQuery query, Executor& reply_on, Reply<std::vector<AuditEntry>> reply) = 0;
    virtual void find_webhook_backlog(OrganizationId organization, WebhookId webhook, Executor& reply_on,
                                      Reply<WebhookBacklog> reply) = 0;
    virtual void find_deliveries(DeliveryQuery query, Executor& reply_on,
                                 Reply<std::vector<WebhookDelivery>> reply) = 0;
    virtual void verify_audit(Executor& reply_on, Reply<AuditVerdict> reply) = 0;
    virtual void find_idempotency(std::string scope, std::string key, Executor& reply_on,
                                  Reply<std::optional<IdempotencyRecord>> reply) = 0;

    virtual const SnapshotHub& snapshots() const = 0;
    /// Start-up only, before the first submit.
    virtual std::vector<AccessGrant> load_grants(WallTime now) = 0;
    virtual void on_commit(CommitListener listener) = 0;

    virtual StoreHealth health() const = 0;
    /// Finishes what is queued, replies, closes. Idempotent.
    virtual void stop() = 0;
};

}  // namespace dp::telephony
