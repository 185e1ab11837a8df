#include "store/sqlite/queries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/ascii.hpp"
#include "store/documents/documents.hpp"
#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/entity_tables.hpp"
#include "store/sqlite/log_times.hpp"
#include "store/sqlite/query_text.hpp"
#include "telephony/config/snapshot_builder.hpp"
#include "telephony/names.hpp"

namespace dp::store::sqlite {

namespace t = dp::telephony;

namespace {

constexpr std::size_t kMaxRows = 10'000;

std::unexpected<Error> error_of(Fault&& fault) {
    return std::unexpected(std::move(fault.error));
}

/// Runs the query and visits its rows; a row's failure to read ends it.
template <class Visit>
Result<void> each(Connection& connection, const QueryText& query, Visit&& visit) {
    auto statement = query.prepare(connection);
    if (!statement) return error_of(std::move(statement).error());
    Result<void> read;
    auto done = each_row(**statement, [&](Statement& row) {
        if (read) read = visit(row);
    });
    if (!done) return error_of(std::move(done).error());
    return read;
}

constexpr std::string_view kConversationColumns = "organization_id, id, version, started_at, doc";

Result<t::Conversation> read_conversation(Statement& row) {
    DP_TRY(conversation, conversation_from_document(row.text(4)));
    conversation.id = t::ConversationId(std::string(row.text(1)));
    conversation.meta.organization = t::OrganizationId(std::string(row.text(0)));
    conversation.meta.version = row.integer(2);
    conversation.meta.created = conversation.started;
    conversation.meta.modified_by = conversation.meta.created_by;
    return conversation;
}

std::optional<std::int64_t> millis(const std::optional<WallTime>& time) {
    return time ? std::optional(to_millis(*time)) : std::nullopt;
}

/// Between `after` and `before`, the parts where something of the time asked for can be, in the order asked for. What
/// an index on single resources finds needs no parts: `indexed`.
template <class Query>
Result<std::vector<SequenceRange>> ranges_of(Connection& connection, Log log, const Query& query, bool indexed) {
    constexpr std::uint64_t kLast = std::numeric_limits<std::int64_t>::max();
    SequenceRange bounds{.first = static_cast<std::int64_t>(std::min(query.after, kLast - 1)) + 1};
    if (query.before != 0) bounds.last = static_cast<std::int64_t>(std::min(query.before, kLast)) - 1;
    if (indexed || (!query.from && !query.until)) return std::vector{bounds};
    auto ranges = sequences_within(connection, log, bounds, millis(query.from), millis(query.until));
    if (!ranges) return error_of(std::move(ranges).error());
    if (query.order == t::LogOrder::NewestFirst) std::ranges::reverse(*ranges);
    return std::move(*ranges);
}

std::size_t most_rows(std::size_t asked) {
    return std::clamp<std::size_t>(asked, 1, kMaxRows);
}

std::string_view order_text(t::LogOrder order) {
    return order == t::LogOrder::OldestFirst ? "ORDER BY sequence LIMIT ?" : "ORDER BY sequence DESC LIMIT ?";
}

/// Rows of a log as `query` asks for them. `narrow` adds what only this log is asked; `indexed`: that finds them by an index.
template <class Row, class Query>
Result<std::vector<Row>> log_rows(Connection& connection, Log log, const Query& query, bool indexed,
                                  std::string_view select, auto narrow, Row (*read)(Statement&)) {
    const std::size_t limit = most_rows(query.limit);
    DP_TRY(ranges, ranges_of(connection, log, query, indexed));
    std::vector<Row> out;
    for (const SequenceRange& range : ranges) {
        if (out.size() == limit) break;
        QueryText text{std::string(select)};
        text.where("organization_id = ?", query.organization.str())
            .where("sequence >= ?", range.first)
            .where("sequence <= ?", range.last)
            .where_if("time >= ?", millis(query.from))
            .where_if("time < ?", millis(query.until));
        narrow(text);
        text.tail(order_text(query.order)).value(static_cast<std::int64_t>(limit - out.size()));
        DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
            out.push_back(read(row));
            return {};
        }));
    }
    return out;
}

struct Cursor {
    std::int64_t started;
    std::string id;
};

std::string cursor_of(const t::Conversation& conversation) {
    return fmt::format("{}.{}", to_millis(conversation.started), conversation.id.str());
}

Result<Cursor> parse_cursor(const std::string& text) {
    const std::size_t dot = text.find('.');
    const auto started = ascii::parse_decimal<std::uint64_t>(std::string_view(text).substr(0, dot));
    if (dot == std::string::npos || !started)
        return fail(ErrorCode::InvalidValue, "cursor is not one that this API gave.", "cursor");
    return Cursor{static_cast<std::int64_t>(*started), text.substr(dot + 1)};
}

Result<QueryText> conversations_text(const t::ConversationQuery& query) {
    QueryText text(fmt::format("SELECT {} FROM conversations", kConversationColumns));
    text.where("organization_id = ?", query.organization.str());
    // Whoever was handed the call has taken part in it too.
    if (!query.agent.empty())
        text.condition(
                "(agent_id = ? OR EXISTS (SELECT 1 FROM json_each(doc, '$.participants') AS party "
                "WHERE json_extract(party.value, '$.user') = ?))")
            .value(query.agent.str())
            .value(query.agent.str());
    text.where_if("started_at >= ?", millis(query.from)).where_if("started_at < ?", millis(query.until));
    std::vector<std::string> statuses;
    for (const auto status : query.statuses) statuses.emplace_back(to_string(status));
    text.in("status", statuses);
    if (!query.cursor.empty()) {
        DP_TRY(cursor, parse_cursor(query.cursor));
        text.condition("(started_at, id) < (?, ?)").value(cursor.started).value(cursor.id);
    }
    return text;
}

}  // namespace

Result<t::Ptr<t::Conversation>> find_conversation(Connection& connection, const t::OrganizationId& organization,
                                                  const t::ConversationId& id) {
    QueryText text(fmt::format("SELECT {} FROM conversations", kConversationColumns));
    text.where("organization_id = ?", organization.str()).where("id = ?", id.str());
    t::Ptr<t::Conversation> found;
    DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
        DP_TRY(conversation, read_conversation(row));
        found = std::make_shared<const t::Conversation>(std::move(conversation));
        return {};
    }));
    return found;
}

Result<t::Page<t::Conversation>> find_conversations(Connection& connection, const t::ConversationQuery& query) {
    DP_TRY(text, conversations_text(query));
    const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMaxRows);
    text.tail("ORDER BY started_at DESC, id DESC LIMIT ?").value(static_cast<std::int64_t>(limit + 1));
    t::Page<t::Conversation> page;
    DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
        DP_TRY(conversation, read_conversation(row));
        page.items.push_back(std::move(conversation));
        return {};
    }));
    if (page.items.size() > limit) {
        page.items.pop_back();
        page.next = cursor_of(page.items.back());
    }
    return page;
}

namespace {

t::Event read_event(Statement& row) {
    return {.sequence = static_cast<std::uint64_t>(row.integer(0)),
            .organization = t::OrganizationId(std::string(row.text(1))),
            .type = std::string(row.text(2)),
            .resource_type = std::string(row.text(3)),
            .resource_id = std::string(row.text(4)),
            .time = from_millis(row.integer(5)),
            .payload = std::string(row.text(6))};
}

}  // namespace

Result<std::vector<t::Event>> find_events(Connection& connection, const t::EventQuery& query) {
    return log_rows(
        connection, Log::Events, query, !query.resource_ids.empty(),
        "SELECT sequence, organization_id, type, resource_type, resource_id, time, payload FROM events",
        [&](QueryText& text) { text.in("type", query.types).in("resource_id", query.resource_ids); }, &read_event);
}

namespace {

constexpr std::string_view kAuditColumns =
    "sequence, organization_id, time, actor_kind, actor_id, request_id, action, entity_type, entity_id, before_doc, "
    "after_doc";

t::AuditEntry read_audit(Statement& row) {
    return {.sequence = static_cast<std::uint64_t>(row.integer(0)),
            .organization = t::OrganizationId(std::string(row.text(1))),
            .time = from_millis(row.integer(2)),
            .actor = {.kind = t::from_name<t::ActorKind>(row.text(3)).value_or(t::ActorKind::System),
                      .id = std::string(row.text(4))},
            .request_id = std::string(row.text(5)),
            .action = std::string(row.text(6)),
            .entity_type = std::string(row.text(7)),
            .entity_id = std::string(row.text(8)),
            .before = std::string(row.text(9)),
            .after = std::string(row.text(10))};
}

}  // namespace

Result<bool> has_event(Connection& connection, const t::Event& event) {
    QueryText text("SELECT 1 FROM events");
    text.where("resource_id = ?", event.resource_id)
        .where("organization_id = ?", event.organization.str())
        .where("type = ?", event.type)
        .where("time = ?", to_millis(event.time))
        .where("payload = ?", event.payload)
        .tail("LIMIT 1");
    bool found = false;
    DP_CHECK(each(connection, text, [&](Statement&) -> Result<void> {
        found = true;
        return {};
    }));
    return found;
}

Result<std::vector<t::AuditEntry>> find_audit(Connection& connection, const t::AuditQuery& query) {
    const auto narrow = [&](QueryText& text) {
        text.in("entity_id", query.entity_ids)
            .in("entity_type", query.entity_types)
            .in("action", query.actions)
            .in("actor_id", query.actor_ids)
            .in("request_id", query.request_ids);
    };
    return log_rows(connection, Log::Audit, query, !query.entity_ids.empty(),
                    fmt::format("SELECT {} FROM audit_entries", kAuditColumns), narrow, &read_audit);
}

Result<std::optional<t::IdempotencyRecord>> find_idempotency(Connection& connection, const std::string& scope,
                                                             const std::string& key, WallTime now) {
    QueryText text("SELECT request_sha256, http_status, response FROM idempotency_keys");
    const std::chrono::milliseconds life = std::chrono::hours(24);
    text.where("scope = ?", scope).where("idempotency_key = ?", key).where("created_at >= ?", to_millis(now - life));
    std::optional<t::IdempotencyRecord> found;
    DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
        found = t::IdempotencyRecord{scope, key, std::string(row.text(0)), static_cast<int>(row.integer(1)),
                                     std::string(row.text(2))};
        return {};
    }));
    return found;
}

namespace {

Result<t::Entity> read_entity(t::EntityType type, Statement& row) {
    DP_TRY(entity, entity_from_document(type, row.text(7)));
    std::visit([&](auto& e) { e.id = std::remove_cvref_t<decltype(e.id)>(std::string(row.text(1))); }, entity);
    meta_of(entity) = {.organization = t::OrganizationId(std::string(row.text(0))),
                       .version = row.integer(2),
                       .created = from_millis(row.integer(3)),
                       .modified = from_millis(row.integer(5)),
                       .created_by = std::string(row.text(4)),
                       .modified_by = std::string(row.text(6))};
    return entity;
}

}  // namespace

Result<t::Ptr<t::Snapshot>> load_snapshot(Connection& connection) {
    t::SnapshotBuilder builder(std::make_shared<const t::Snapshot>());
    for (std::size_t i = 0; i < t::kEntityTypes; ++i) {
        const auto type = static_cast<t::EntityType>(i);
        std::vector<t::EntityPtr> entities;
        DP_CHECK(each(connection, QueryText(table_of(type).select_all), [&](Statement& row) -> Result<void> {
            DP_TRY(entity, read_entity(type, row));
            std::visit([&]<class T>(T& e) { entities.emplace_back(std::make_shared<const T>(std::move(e))); }, entity);
            return {};
        }));
        builder.fill(entities);
    }
    return builder.finish();
}

Result<std::vector<t::AccessGrant>> load_grants(Connection& connection, WallTime now) {
    QueryText text("SELECT token_sha256, organization_id, expires_at, doc FROM access_grants");
    text.where("expires_at > ?", to_millis(now));
    std::vector<t::AccessGrant> out;
    DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
        DP_TRY(grant, grant_from_document(row.text(3)));
        grant.token_sha256 = row.text(0);
        grant.organization = t::OrganizationId(std::string(row.text(1)));
        grant.expires = from_millis(row.integer(2));
        out.push_back(std::move(grant));
        return {};
    }));
    return out;
}

Result<std::vector<t::Conversation>> open_conversations(Connection& connection) {
    QueryText text(fmt::format("SELECT {} FROM conversations", kConversationColumns));
    text.condition("ended_at IS NULL").tail("ORDER BY started_at, id");
    std::vector<t::Conversation> out;
    DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
        DP_TRY(conversation, read_conversation(row));
        out.push_back(std::move(conversation));
        return {};
    }));
    return out;
}

Result<t::AuditVerdict> audit_verdict(Connection& connection) {
    QueryText text(fmt::format("SELECT {}, salt, payload_sha256, chain_sha256 FROM audit_entries", kAuditColumns));
    text.tail("ORDER BY sequence");
    crypto::Sha256 chain{};
    t::AuditVerdict verdict;
    DP_CHECK(each(connection, text, [&](Statement& row) -> Result<void> {
        if (!verdict.intact) return {};
        const t::AuditEntry entry = read_audit(row);
        const auto broken = [&](std::string_view what) -> Result<void> {
            verdict.intact = false;
            verdict.problem = fmt::format("Audit entry {}: {}.", entry.sequence, what);
            return {};
        };
        if (entry.sequence != ++verdict.entries) return broken("an entry before it is missing");
        crypto::Sha256 payload{};
        if (row.blob(12).size() != payload.size()) return broken("its digest is damaged");
        std::ranges::copy(row.blob(12), payload.begin());
        if (row.is_null(11)) {
            ++verdict.erased;
            // Nothing may be told of an entry whose salt is gone: what nobody can check could be made up.
            if (!entry.before.empty() || !entry.after.empty()) return broken("it was erased and says something");
        } else {
            Salt salt{};
            if (row.blob(11).size() != salt.size()) return broken("its salt is damaged");
            std::ranges::copy(row.blob(11), salt.begin());
            if (payload_digest(salt, entry) != payload) return broken("its payload was changed");
        }
        chain = chain_digest(chain, entry.sequence, payload);
        if (crypto::as_text(chain) != row.blob(13)) return broken("the chain does not fit");
        return {};
    }));
    verdict.head = crypto::hex(chain);
    return verdict;
}

namespace {

Result<std::vector<std::string>> table_names(Connection& connection) {
    std::vector<std::string> out;
    DP_CHECK(each(connection, QueryText("SELECT name FROM sqlite_schema WHERE type = 'table'"),
                  [&](Statement& row) -> Result<void> {
                      out.emplace_back(row.text(0));
                      return {};
                  }));
    return out;
}

}  // namespace

Result<void> find_damage(Connection& connection) {
    DP_TRY(tables, table_names(connection));
    for (const std::string& table : tables)
        DP_CHECK(each(
            connection, QueryText(fmt::format("PRAGMA quick_check('{}')", table)), [&](Statement& row) -> Result<void> {
                if (row.text(0) == "ok") return {};
                return fail(ErrorCode::Internal,
                            fmt::format("The database file is damaged: restore the last backup. (table {}: {})", table,
                                        row.text(0)));
            }));
    return {};
}

Result<void> verify_audit_chain(Connection& connection) {
    DP_TRY(verdict, audit_verdict(connection));
    return verdict.intact ? Result<void>() : fail(ErrorCode::Internal, verdict.problem);
}

}  // namespace dp::store::sqlite
