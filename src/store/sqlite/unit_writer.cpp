#include "store/sqlite/unit_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/documents/documents.hpp"
#include "store/sqlite/entity_tables.hpp"
#include "telephony/names.hpp"

namespace dp::store::sqlite {

namespace t = dp::telephony;

namespace {

std::unexpected<Fault> refuse(ErrorCode code, std::string detail, std::string field = {}) {
    return std::unexpected(Fault{Reach::Statement, Error{code, std::move(detail), std::move(field)}});
}

std::unexpected<Fault> not_found(t::EntityType type, std::string_view id) {
    return refuse(ErrorCode::NotFound, fmt::format("The {} '{}' does not exist.", t::to_string(type), id));
}

Outcome<void> check_version(t::EntityType type, std::string_view id, std::int64_t expected,
                            const std::int64_t* stored) {
    if (expected == t::kAnyVersion) return {};
    if (expected == t::kMustNotExist) {
        if (!stored) return {};
        return refuse(ErrorCode::Duplicate, fmt::format("The {} '{}' exists already.", t::to_string(type), id),
                      std::string(id));
    }
    if (!stored) return not_found(type, id);
    if (expected == t::kMustExist || expected == *stored) return {};
    return refuse(ErrorCode::Conflict,
                  fmt::format("The version number of the modified resource must match the version number in the "
                              "database: the {} '{}' has version {}, not {}.",
                              t::to_string(type), id, *stored, expected),
                  "version");
}

void bind_keys(Statement& statement, int& index, const std::vector<std::optional<std::string>>& keys) {
    for (const auto& value : keys) statement.bind_one(++index, value);
}

t::EntityPtr share(t::Entity&& entity) {
    return std::visit(
        [](auto&& e) { return t::EntityPtr(std::make_shared<const std::remove_cvref_t<decltype(e)>>(std::move(e))); },
        std::move(entity));
}

}  // namespace

Outcome<void> UnitWriter::load_heads() {
    Heads read;
    DP_TRY(events, connection_.prepare("SELECT COALESCE(MAX(sequence), 0) FROM events"));
    DP_CHECK(
        each_row(events->bind(), [&](Statement& row) { read.event = static_cast<std::uint64_t>(row.integer(0)); }));
    DP_TRY(audit,
           connection_.prepare("SELECT sequence, chain_sha256 FROM audit_entries ORDER BY sequence DESC LIMIT 1"));
    DP_CHECK(each_row(audit->bind(), [&](Statement& row) {
        read.audit = static_cast<std::uint64_t>(row.integer(0));
        const std::string_view chain = row.blob(1);
        std::ranges::copy(chain.substr(0, read.chain.size()), read.chain.begin());
    }));
    DP_TRY(event_times, LogTimes::load(connection_, Log::Events, read.event));
    DP_TRY(audit_times, LogTimes::load(connection_, Log::Audit, read.audit));
    read.event_times = event_times;
    read.audit_times = audit_times;
    heads_ = read;
    return {};
}

namespace {

/// Can only its first statement be refused? Then nothing is to be undone, and the savepoint, for which SQLite copies
/// every page that the unit changes, is left out. What follows (events, audit entries, a key that was looked up in the
/// same transaction) meets no constraint that depends on what is stored.
bool fails_first(const t::UnitOfWork& unit) {
    return unit.puts.size() + unit.removes.size() == 1 && unit.conversations.empty() && unit.grants.empty() &&
           unit.revoked_grants.empty() && unit.deliveries.empty() && unit.lanes.empty() && unit.rewinds.empty() &&
           unit.erasures.empty();
}

}  // namespace

Outcome<Applied> UnitWriter::apply(t::UnitOfWork& unit, WallTime now) {
    const Heads before = heads_;
    documents_.clear();
    const bool guarded = !fails_first(unit);
    if (guarded) DP_CHECK(run(connection_, "SAVEPOINT unit"));
    Applied out;
    auto done = apply_all(unit, now, out);
    if (!done) {
        heads_ = before;
        // Should it fail later all the same, the whole transaction goes: half a unit is never committed.
        if (!guarded && !(out.changed.empty() && out.removed.empty())) done.error().reach = Reach::Database;
        if (!guarded) return std::unexpected(std::move(done).error());
        // After a fault of the whole database SQLite may have rolled back by itself: then there is no savepoint either.
        if (connection_.in_transaction()) {
            DP_CHECK(run(connection_, "ROLLBACK TO unit"));
            DP_CHECK(run(connection_, "RELEASE unit"));
        }
        return std::unexpected(std::move(done).error());
    }
    if (guarded) DP_CHECK(run(connection_, "RELEASE unit"));
    return out;
}

namespace {

/// With the id of what the unit makes, so that a crash before the answer was kept leaves something to answer from. To
/// be called while the unit still has its entities: put() moves them on.
std::optional<t::IdempotencyRecord> claim_of(const t::UnitOfWork& unit) {
    if (!unit.idempotency || unit.idempotency->http_status != 0) return unit.idempotency;
    t::IdempotencyRecord out = *unit.idempotency;
    if (!unit.puts.empty())
        out.response = t::id_of(unit.puts.front().entity);
    else if (!unit.conversations.empty())
        out.response = unit.conversations.front().id.str();
    return out;
}

}  // namespace

Outcome<void> UnitWriter::apply_all(t::UnitOfWork& unit, WallTime now, Applied& out) {
    DP_TRY(replay, replayed(unit, now, out));
    if (replay) return {};
    const auto claim = claim_of(unit);
    for (t::Put& each : unit.puts) DP_CHECK(put(each, !unit.audit.empty(), out));
    for (const t::Remove& each : unit.removes) DP_CHECK(remove(each, out));
    for (const t::Conversation& each : unit.conversations) DP_CHECK(put_conversation(each));
    for (const t::AccessGrant& each : unit.grants) DP_CHECK(put_grant(each));
    for (const std::string& each : unit.revoked_grants)
        DP_CHECK(run(connection_, "DELETE FROM access_grants WHERE token_sha256 = ?", each));
    DP_CHECK(put_webhook_progress(unit));
    for (const t::AuditErasure& each : unit.erasures) DP_CHECK(erase_audit(each));
    if (claim) DP_CHECK(put_idempotency(*claim, now));
    // A change that changed nothing leaves no trace.
    const bool only_puts =
        unit.removes.empty() && unit.conversations.empty() && unit.grants.empty() && unit.revoked_grants.empty();
    if (!unit.puts.empty() && only_puts && out.changed.empty()) return {};
    for (t::Event& each : unit.events) DP_CHECK(put_event(each));
    for (t::AuditEntry& each : unit.audit) DP_CHECK(put_audit(each));
    out.events = std::move(unit.events);
    return {};
}

namespace {

/// What a request was answered with, after the unit that carried it out.
bool is_answer_alone(const t::UnitOfWork& unit) {
    return unit.idempotency->http_status != 0 && unit.puts.empty() && unit.removes.empty() &&
           unit.conversations.empty() && unit.grants.empty() && unit.events.empty();
}

}  // namespace

Outcome<bool> UnitWriter::replayed(const t::UnitOfWork& unit, WallTime now, Applied& out) {
    if (!unit.idempotency) return false;
    const t::IdempotencyRecord& asked = *unit.idempotency;
    DP_TRY(select, connection_.prepare("SELECT request_sha256, http_status, response, created_at FROM idempotency_keys "
                                       "WHERE scope = ? AND idempotency_key = ?"));
    std::optional<t::IdempotencyRecord> found;
    std::int64_t created = 0;
    DP_CHECK(each_row(select->bind(asked.scope, asked.key), [&](Statement& row) {
        found = t::IdempotencyRecord{asked.scope, asked.key, std::string(row.text(0)), static_cast<int>(row.integer(1)),
                                     std::string(row.text(2))};
        created = row.integer(3);
    }));
    if (!found) return false;
    if (created + std::chrono::milliseconds(kIdempotencyLife).count() < to_millis(now)) {
        DP_CHECK(run(connection_, "DELETE FROM idempotency_keys WHERE scope = ? AND idempotency_key = ?", asked.scope,
                     asked.key));
        return false;
    }
    if (is_answer_alone(unit) && found->request_sha256 == asked.request_sha256) return false;
    if (found->request_sha256 != asked.request_sha256)
        return refuse(ErrorCode::IdempotencyMismatch, "The Idempotency-Key was used before with another request.",
                      "Idempotency-Key");
    out.replay = std::move(found);
    return true;
}

Outcome<std::optional<UnitWriter::StoredRow>> UnitWriter::find(t::EntityType type, std::string_view organization,
                                                               std::string_view id) {
    DP_TRY(select, connection_.prepare(table_of(type).select_one));
    std::optional<StoredRow> found;
    DP_CHECK(each_row(select->bind(organization, id), [&](Statement& row) {
        found.emplace();
        found->meta = {.organization = t::OrganizationId(std::string(organization)),
                       .version = row.integer(0),
                       .created = from_millis(row.integer(1)),
                       .modified = from_millis(row.integer(3)),
                       .created_by = std::string(row.text(2)),
                       .modified_by = std::string(row.text(4))};
        found->document = row.text(5);
    }));
    return found;
}

Outcome<void> UnitWriter::put(t::Put& each, bool audited, Applied& out) {
    t::Entity& entity = each.entity;
    t::EntityMeta& meta = meta_of(entity);
    const t::EntityType type = type_of(entity);
    const std::string& id = id_of(entity);
    // What must not exist is not looked for: the primary key tells, and only then is it worth a look.
    std::optional<StoredRow> stored;
    if (each.expected_version != t::kMustNotExist) {
        DP_TRY(row, find(type, meta.organization.str(), id));
        stored = std::move(row);
        DP_CHECK(check_version(type, id, each.expected_version, stored ? &stored->meta.version : nullptr));
    }
    std::string document = to_document(entity, Secrecy::Stored);
    if (stored && stored->document == document) {
        meta = stored->meta;
        out.entities.push_back(share(std::move(entity)));
        return {};
    }
    if (stored) {
        meta.created = stored->meta.created;
        meta.created_by = stored->meta.created_by;
    }
    meta.version = stored ? stored->meta.version + 1 : 1;
    auto written = stored ? update(entity, document) : insert(entity, document);
    if (!written) return std::unexpected(explain(std::move(written).error(), each));
    documents_.push_back({type, id, stored ? std::move(stored->document) : std::string(),
                          audited ? to_document(entity, Secrecy::Masked) : std::string()});
    out.entities.push_back(share(std::move(entity)));
    out.changed.push_back(out.entities.back());
    return {};
}

Outcome<void> UnitWriter::insert(const t::Entity& entity, const std::string& document) {
    const t::EntityMeta& meta = meta_of(entity);
    const auto keys = key_values(entity);
    DP_TRY(statement, connection_.prepare(table_of(type_of(entity)).insert));
    statement->bind(meta.organization.str(), id_of(entity), meta.version, to_millis(meta.created),
                    to_millis(meta.modified), meta.created_by, meta.modified_by, document);
    int index = 8;
    bind_keys(*statement, index, keys);
    return statement->run();
}

Outcome<void> UnitWriter::update(const t::Entity& entity, const std::string& document) {
    const t::EntityMeta& meta = meta_of(entity);
    const auto keys = key_values(entity);
    DP_TRY(statement, connection_.prepare(table_of(type_of(entity)).update));
    statement->bind(meta.version, to_millis(meta.modified), meta.modified_by, document);
    int index = 4;
    bind_keys(*statement, index, keys);
    statement->bind_one(++index, meta.organization.str());
    statement->bind_one(++index, id_of(entity));
    return statement->run();
}

/// Who holds the value that `rule` wants unique; nothing when nobody else does.
std::optional<std::string> UnitWriter::holder_of(const t::Entity& entity, std::size_t rule_index) {
    const EntityTable& table = table_of(type_of(entity));
    const UniqueRule& rule = table.unique[rule_index];
    const auto keys = key_values(entity);
    std::string sql = fmt::format("SELECT id FROM {} WHERE NOT (organization_id = ? AND id = ?)", table.name);
    if (rule.within_organization) sql += " AND organization_id = ?";
    for (std::string_view column : rule.columns) sql.append(" AND ").append(column).append(" = ?");
    auto select = connection_.prepare(sql);
    if (!select) return std::nullopt;
    const std::string& organization = meta_of(entity).organization.str();
    (*select)->bind(organization, id_of(entity));
    int index = 2;
    if (rule.within_organization) (*select)->bind_one(++index, organization);
    for (std::string_view column : rule.columns) {
        const auto position = std::ranges::find(table.keys, column);
        if (position == table.keys.end())
            (*select)->bind_one(++index, id_of(entity));
        else
            (*select)->bind_one(++index, keys[static_cast<std::size_t>(position - table.keys.begin())]);
    }
    std::optional<std::string> holder;
    (void)each_row(**select, [&](Statement& row) { holder = row.text(0); });
    return holder;
}

/// A constraint's failure in the words of the domain: what is taken, and by whom.
Fault UnitWriter::explain(Fault fault, const t::Put& put) {
    const t::Entity& entity = put.entity;
    if (fault.reach == Reach::Database) return fault;
    if (fault.error.code == ErrorCode::Duplicate && put.expected_version == t::kMustNotExist) {
        auto row = find(type_of(entity), meta_of(entity).organization.str(), id_of(entity));
        const bool exists = row && *row;
        if (auto told = check_version(type_of(entity), id_of(entity), t::kMustNotExist,
                                      exists ? &(*row)->meta.version : nullptr);
            !told)
            return std::move(told).error();
    }
    const EntityTable& table = table_of(type_of(entity));
    if (fault.error.code == ErrorCode::Conflict)
        return {Reach::Statement, Error{ErrorCode::InvalidValue,
                                        fmt::format("The {} '{}' refers to something that does not exist.",
                                                    t::to_string(type_of(entity)), id_of(entity)),
                                        {}}};
    for (std::size_t i = 0; fault.error.code == ErrorCode::Duplicate && i < table.unique.size(); ++i)
        if (auto holder = holder_of(entity, i))
            return {Reach::Statement, Error{ErrorCode::Duplicate,
                                            fmt::format("{} is taken by the {} '{}'.", table.unique[i].sentence,
                                                        t::to_string(type_of(entity)), *holder),
                                            *holder}};
    return fault;
}

Outcome<void> UnitWriter::remove(const t::Remove& each, Applied& out) {
    DP_TRY(stored, find(each.type, each.organization.str(), each.id));
    if (!stored) return not_found(each.type, each.id);
    DP_CHECK(check_version(each.type, each.id, each.expected_version, &stored->meta.version));
    DP_CHECK(run(connection_, table_of(each.type).remove, each.organization.str(), each.id));
    documents_.push_back({each.type, each.id, std::move(stored->document), {}});
    out.removed.push_back(each);
    return {};
}

Outcome<void> UnitWriter::put_conversation(const t::Conversation& conversation) {
    const std::string document = to_document(conversation);
    const std::optional<std::int64_t> ended =
        conversation.ended ? std::optional(to_millis(*conversation.ended)) : std::nullopt;
    return run(
        connection_,
        "INSERT INTO conversations (organization_id, id, version, status, agent_id, started_at, ended_at, doc) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (organization_id, id) DO UPDATE SET version = excluded.version, "
        "status = excluded.status, agent_id = excluded.agent_id, ended_at = excluded.ended_at, doc = excluded.doc "
        "WHERE excluded.version > conversations.version",
        conversation.meta.organization.str(), conversation.id.str(), conversation.meta.version,
        to_string(conversation.status), conversation.agent.str(), to_millis(conversation.started), ended, document);
}

Outcome<void> UnitWriter::put_grant(const t::AccessGrant& grant) {
    const std::string document = to_document(grant);
    return run(connection_,
               "INSERT INTO access_grants (token_sha256, organization_id, expires_at, doc) VALUES (?, ?, ?, ?) "
               "ON CONFLICT (token_sha256) DO UPDATE SET expires_at = excluded.expires_at, doc = excluded.doc",
               grant.token_sha256, grant.organization.str(), to_millis(grant.expires), document);
}

Outcome<void> UnitWriter::put_event(t::Event& event) {
    event.sequence = ++heads_.event;
    DP_CHECK(heads_.event_times.note(connection_, Log::Events, event.sequence, to_millis(event.time)));
    return run(connection_,
               "INSERT INTO events (sequence, organization_id, type, resource_type, resource_id, time, payload) "
               "VALUES (?, ?, ?, ?, ?, ?, ?)",
               event.sequence, event.organization.str(), event.type, event.resource_type, event.resource_id,
               to_millis(event.time), event.payload);
}

Outcome<void> UnitWriter::put_audit(t::AuditEntry& entry) {
    for (const ChangedDocument& changed : documents_) {
        if (changed.id != entry.entity_id || t::to_string(changed.type) != entry.entity_type) continue;
        if (!changed.before.empty())
            entry.before = masked_document(changed.type, changed.before).value_or(std::string());
        entry.after = changed.after;
    }
    entry.sequence = heads_.audit + 1;
    DP_CHECK(heads_.audit_times.note(connection_, Log::Audit, entry.sequence, to_millis(entry.time)));
    const AuditSeal seal = seal_entry(heads_.chain, entry, random_);
    DP_TRY(statement, connection_.prepare("INSERT INTO audit_entries (sequence, organization_id, time, actor_kind, "
                                          "actor_id, request_id, action, entity_type, entity_id, "
                                          "before_doc, after_doc, salt, payload_sha256, chain_sha256) VALUES (?, ?, ?, "
                                          "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    statement->bind(entry.sequence, entry.organization.str(), to_millis(entry.time), t::name_of(entry.actor.kind),
                    entry.actor.id, entry.request_id, entry.action, entry.entity_type, entry.entity_id, entry.before,
                    entry.after);
    statement->bind_blob(12, crypto::as_text(seal.salt));
    statement->bind_blob(13, crypto::as_text(seal.payload));
    statement->bind_blob(14, crypto::as_text(seal.chain));
    DP_CHECK(statement->run());
    heads_.audit = entry.sequence;
    heads_.chain = seal.chain;
    return {};
}

Outcome<void> UnitWriter::put_idempotency(const t::IdempotencyRecord& record, WallTime now) {
    return run(
        connection_,
        "INSERT INTO idempotency_keys (scope, idempotency_key, request_sha256, http_status, response, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (scope, idempotency_key) DO UPDATE SET http_status = excluded.http_status, response = "
        "excluded.response",
        record.scope, record.key, record.request_sha256, record.http_status, record.response, to_millis(now));
}

}  // namespace dp::store::sqlite
