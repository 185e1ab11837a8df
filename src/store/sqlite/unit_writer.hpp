#pragma once
/// @file UnitWriter: applies one unit of work inside the transaction that is open: checks versions, uniqueness and
/// references, writes the rows, numbers the events, chains the audit entries.
///
/// Threads: the writer's. A unit that fails leaves nothing behind (its SAVEPOINT is rolled back) and takes no sequence
/// number.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/log_times.hpp"
#include "telephony/ports/store.hpp"

namespace dp::store::sqlite {

/// What a unit did, for the reply and the next snapshot.
struct Applied {
    std::vector<telephony::EntityPtr> entities;  ///< every put, as stored
    std::vector<telephony::EntityPtr> changed;   ///< those that were really written
    std::vector<telephony::Remove> removed;
    std::vector<telephony::Event> events;  ///< with their sequence numbers
    std::optional<telephony::IdempotencyRecord> replay;
};

class UnitWriter {
public:
    UnitWriter(Connection& connection, Random& random) : connection_(connection), random_(random) {}

    /// Reads where events and the audit chain stand. At start, and after a transaction that did not commit.
    Outcome<void> load_heads();
    Outcome<Applied> apply(telephony::UnitOfWork& unit, WallTime now);
    std::uint64_t last_event() const { return heads_.event; }

private:
    struct Heads {
        std::uint64_t event = 0;
        std::uint64_t audit = 0;
        crypto::Sha256 chain{};
        LogTimes event_times{};
        LogTimes audit_times{};
    };
    struct StoredRow {
        telephony::EntityMeta meta;
        std::string document;
    };
    struct ChangedDocument {
        telephony::EntityType type;
        std::string id;
        std::string before;  ///< as stored
        std::string after;   ///< masked, where the unit has audit entries
    };

    Outcome<void> apply_all(telephony::UnitOfWork& unit, WallTime now, Applied& out);
    Outcome<bool> replayed(const telephony::UnitOfWork& unit, WallTime now, Applied& out);
    Outcome<void> put(telephony::Put& put, bool audited, Applied& out);
    Outcome<std::optional<StoredRow>> find(telephony::EntityType type, std::string_view organization,
                                           std::string_view id);
    Outcome<void> insert(const telephony::Entity& entity, const std::string& document);
    Outcome<void> update(const telephony::Entity& entity, const std::string& document);
    Fault explain(Fault fault, const telephony::Put& put);
    std::optional<std::string> holder_of(const telephony::Entity& entity, std::size_t rule);
    Outcome<void> remove(const telephony::Remove& remove, Applied& out);
    Outcome<void> put_conversation(const telephony::Conversation& conversation);
    Outcome<void> put_grant(const telephony::AccessGrant& grant);
    Outcome<void> put_event(telephony::Event& event);
    Outcome<void> put_audit(telephony::AuditEntry& entry);
    Outcome<void> put_webhook_progress(const telephony::UnitOfWork& unit);
    Outcome<void> erase_audit(const telephony::AuditErasure& erasure);
    Outcome<void> put_idempotency(const telephony::IdempotencyRecord& record, WallTime now);

    Connection& connection_;
    Random& random_;
    Heads heads_;
    std::vector<ChangedDocument> documents_;  ///< of the unit being applied
};

inline constexpr std::chrono::hours kIdempotencyLife{24};

}  // namespace dp::store::sqlite
