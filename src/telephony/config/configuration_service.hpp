#pragma once
/// @file ConfigurationService: create, replace and remove any configuration entity: its rules are checked against the
/// snapshot, then it is written with its event and audit entry in one unit of work. One service for all kinds, because
/// what differs between them is their rules (rules.hpp), not how they are written.
///
/// Threads: any; the reply runs on the executor named (or at once when a rule is broken). The reply's `entities[0]` is
/// the entity as stored.

#include "base/random.hpp"
#include "telephony/config/rules.hpp"
#include "telephony/ports/store.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

class ConfigurationService {
public:
    ConfigurationService(Store& store, Random& random) : store_(store), random_(random) {}

    /// Duplicate when the id or a unique value is taken. An empty id becomes a UUID; `meta` is filled in from the
    /// context.
    void create(WriteContext context, Entity entity, Executor& reply_on, Reply<Committed> reply);
    /// Replaces as a whole. `expected_version` kMustExist: last write wins.
    void replace(WriteContext context, Entity entity, std::int64_t expected_version, Executor& reply_on,
                 Reply<Committed> reply);
    /// Conflict naming what still refers to it.
    void remove(WriteContext context, EntityType type, const std::string& id, std::int64_t expected_version,
                Executor& reply_on, Reply<Committed> reply);

private:
    void write(WriteContext context, Put put, std::string_view action, Executor& reply_on, Reply<Committed> reply);
    Result<void> check(const WriteContext& context, const Put& put) const;

    Store& store_;
    Random& random_;
};

}  // namespace dp::telephony
