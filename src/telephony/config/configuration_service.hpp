#pragma once
/// @file ConfigurationService: create, replace and remove any configuration entity: its rules are checked against the
/// snapshot, then it is written with its event and audit entry in one unit of work. One service for all kinds, because
/// what differs between them is their rules (rules.hpp), not how they are written.
///
/// Threads: any; the reply runs on the executor named (or at once when a rule is broken). The reply's `entities[0]` is
/// the entity as stored.

#include "telephony/config/rules.hpp"
#include "telephony/ports/store.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

class ConfigurationService {
public:
    explicit ConfigurationService(Store& store) : store_(store) {}

    /// Duplicate when the id or a unique value is taken. `meta` but the organization is filled in.
    void create(WriteContext context, Entity entity, Executor& reply_on, Reply<Committed> reply);
    /// Replaces as a whole. `expected_version` kAnyVersion: last write wins (but NotFound when it is not there).
    void replace(WriteContext context, Entity entity, std::int64_t expected_version, Executor& reply_on,
                 Reply<Committed> reply);
    /// Conflict naming what still refers to it.
    void remove(WriteContext context, EntityType type, const std::string& id, std::int64_t expected_version,
                Executor& reply_on, Reply<Committed> reply);

private:
    void write(WriteContext context, Put put, std::string_view action, Executor& reply_on, Reply<Committed> reply);

    Store& store_;
};

}  // namespace dp::telephony
