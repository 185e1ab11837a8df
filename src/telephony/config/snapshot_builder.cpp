#include "telephony/config/snapshot_builder.hpp"

#include <utility>

namespace dp::telephony {
namespace {

// One secondary index: drops what was there under the old key, adds the new one when it belongs in.
template <class T, class Order, class Belongs>
void reindex(PersistentSet<T, Order>& set, const Ptr<T>& before, const Ptr<T>& after, Belongs belongs) {
    if (before && belongs(*before)) set = set.without(Order::key(*before));
    if (after && belongs(*after)) set = set.with(after);
}

bool always(const auto&) {
    return true;
}

}  // namespace

SnapshotBuilder::SnapshotBuilder(Ptr<Snapshot> base) : next_(*base) {}

void SnapshotBuilder::close() {
    if (!open_) return;
    Ptr<OrganizationConfig> done = std::move(open_);
    next_.organizations_ = next_.organizations_.with(done);
    next_.by_domain_ = next_.by_domain_.with(done);
}

OrganizationConfig* SnapshotBuilder::edit(const OrganizationId& id) {
    if (open_ && open_->id() == id) return open_.get();
    close();
    const auto& found = next_.organizations_.find(id.str());
    if (!found) return nullptr;
    open_ = std::make_shared<OrganizationConfig>(*found);
    return open_.get();
}

void SnapshotBuilder::put_organization(Ptr<Organization> organization) {
    if (!edit(organization->id)) open_ = std::make_shared<OrganizationConfig>();
    auto& table = std::get<Table<Organization>>(open_->tables_);
    table = table.with(organization);
    open_->organization_ = std::move(organization);
}

template <class T>
void SnapshotBuilder::put_entity(const Ptr<T>& entity) {
    if constexpr (std::is_same_v<T, Organization>) {
        put_organization(entity);
    } else if (OrganizationConfig* config = edit(entity->meta.organization)) {
        auto& table = std::get<Table<T>>(config->tables_);
        const Ptr<T> before = table.find(entity->id.str());
        table = table.with(entity);
        reindex(std::get<NameIndex<T>>(config->by_name_), before, entity, always<T>);
        index(before, entity);
    }
}

template <class T>
void SnapshotBuilder::remove_entity(const OrganizationId& organization, const std::string& id) {
    OrganizationConfig* config = edit(organization);
    if (!config) return;
    auto& table = std::get<Table<T>>(config->tables_);
    const Ptr<T> before = table.find(id);
    if (!before) return;
    table = table.without(id);
    reindex(std::get<NameIndex<T>>(config->by_name_), before, Ptr<T>{}, always<T>);
    index(before, Ptr<T>{});
}

void SnapshotBuilder::put(const EntityPtr& entity) {
    std::visit([this](const auto& e) { put_entity(e); }, entity);
}

void SnapshotBuilder::remove(EntityType type, const OrganizationId& organization, const std::string& id) {
    if (type == EntityType::Organization) {
        close();
        if (const Ptr<OrganizationConfig> found = next_.organizations_.find(organization.str())) {
            next_.by_domain_ = next_.by_domain_.without(std::string_view(found->organization().sip_domain));
            next_.organizations_ = next_.organizations_.without(organization.str());
        }
        return;
    }
    // The variant's alternatives stand in the order of EntityType.
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((I == static_cast<std::size_t>(type) ? remove_entity<std::variant_alternative_t<I, Entity>>(organization, id)
                                              : void()),
         ...);
    }(std::make_index_sequence<kEntityTypes>());
}

Ptr<Snapshot> SnapshotBuilder::finish() {
    close();
    ++next_.revision_;
    return std::make_shared<const Snapshot>(std::move(next_));
}

void SnapshotBuilder::index(const Ptr<Phone>& before, const Ptr<Phone>& after) {
    reindex(open_->phones_by_user_, before, after, [](const Phone& phone) { return !phone.user.empty(); });
    reindex(open_->phones_by_sip_username_, before, after,
            [](const Phone& phone) { return !phone.sip.username.empty(); });
    reindex(open_->phones_by_station_, before, after, [](const Phone& phone) { return !phone.station.empty(); });
}

void SnapshotBuilder::index(const Ptr<Number>& before, const Ptr<Number>& after) {
    reindex(open_->numbers_by_user_, before, after, [](const Number& number) {
        return is_live(number.state) && number.routing && number.routing->kind == RoutingKind::User;
    });
    reindex(open_->numbers_by_account_, before, after,
            [](const Number& number) { return is_live(number.state) && number.caller_id; });
}

void SnapshotBuilder::index(const Ptr<Trunk>& before, const Ptr<Trunk>& after) {
    reindex(open_->trunks_by_name_, before, after, always<Trunk>);
}

void SnapshotBuilder::index(const Ptr<OAuthClient>& before, const Ptr<OAuthClient>& after) {
    reindex(next_.oauth_clients_, before, after, always<OAuthClient>);
}

void SnapshotBuilder::index(const Ptr<ApiKey>& before, const Ptr<ApiKey>& after) {
    reindex(next_.api_keys_, before, after, always<ApiKey>);
}

void SnapshotBuilder::index(const Ptr<ConsoleCredential>& before, const Ptr<ConsoleCredential>& after) {
    reindex(next_.console_logins_, before, after, always<ConsoleCredential>);
}

}  // namespace dp::telephony
