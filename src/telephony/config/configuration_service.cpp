#include "telephony/config/configuration_service.hpp"

#include "base/timed_uuid.hpp"

namespace dp::telephony {
namespace {

void fill_in(Entity& entity, const WriteContext& context, Random& random) {
    std::visit(
        [&](auto& e) {
            using Id = decltype(e.id);
            if (e.id.empty()) e.id = Id(timed_uuid(random, context.now));
        },
        entity);
    EntityMeta& meta = meta_of(entity);
    meta.organization = context.organization;
    meta.created = meta.modified = context.now;
    meta.created_by = meta.modified_by = context.actor.id;
}

// A trunk's change has seed 1's event name; every other kind shares one.
std::string_view event_of(EntityType type) {
    return type == EntityType::Trunk ? event_type::kTrunkUpdated : event_type::kConfigurationChanged;
}

/// What belongs to a user alone goes with them: settings and console logins.
void add_belongings(const OrganizationConfig& config, const UserId& user, std::vector<Remove>& out) {
    if (config.settings_of(user))
        out.push_back({EntityType::UserTelephonySettings, config.id(), user.str(), kAnyVersion});
    config.all<ConsoleCredential>().for_each([&](const Ptr<ConsoleCredential>& login) {
        if (login->user == user)
            out.push_back({EntityType::ConsoleCredential, config.id(), login->id.str(), kAnyVersion});
    });
}

}  // namespace

Result<void> ConfigurationService::check(const WriteContext& context, const Put& put) const {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return fail(ErrorCode::NotFound, "The organization does not exist.");
    return check_rules(*config, put.entity);
}

void ConfigurationService::write(WriteContext context, Put put, std::string_view action, Executor& reply_on,
                                 Reply<Committed> reply) {
    fill_in(put.entity, context, random_);
    if (auto checked = check(context, put); !checked) return reply(std::unexpected(std::move(checked).error()));
    const EntityType type = type_of(put.entity);
    const std::string id = id_of(put.entity);
    UnitOfWork unit;
    Payload payload;
    payload.text("action", action);
    unit.events.push_back(make_event(context, event_of(type), to_string(type), id, payload));
    unit.audit.push_back(make_audit(context, action, type, id));
    unit.puts.push_back(std::move(put));
    unit.idempotency = std::move(context.idempotency);
    store_.submit(std::move(unit), reply_on, std::move(reply));
}

void ConfigurationService::create(WriteContext context, Entity entity, Executor& reply_on, Reply<Committed> reply) {
    write(std::move(context), Put{std::move(entity), kMustNotExist}, "create", reply_on, std::move(reply));
}

void ConfigurationService::replace(WriteContext context, Entity entity, std::int64_t expected_version,
                                   Executor& reply_on, Reply<Committed> reply) {
    write(std::move(context), Put{std::move(entity), expected_version}, "update", reply_on, std::move(reply));
}

void ConfigurationService::remove(WriteContext context, EntityType type, const std::string& id,
                                  std::int64_t expected_version, Executor& reply_on, Reply<Committed> reply) {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return reply(fail(ErrorCode::NotFound, "The organization does not exist."));
    if (auto checked = check_removable(*config, type, id); !checked)
        return reply(std::unexpected(std::move(checked).error()));
    UnitOfWork unit;
    Payload payload;
    payload.text("action", "delete");
    unit.events.push_back(make_event(context, event_of(type), to_string(type), id, payload));
    unit.audit.push_back(make_audit(context, "delete", type, id));
    if (type == EntityType::User) add_belongings(*config, UserId(id), unit.removes);
    unit.removes.push_back({type, context.organization, id, expected_version});
    unit.idempotency = std::move(context.idempotency);
    store_.submit(std::move(unit), reply_on, std::move(reply));
}

}  // namespace dp::telephony
