#include "telephony/config/snapshot_builder.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace dp::telephony {
namespace {

// One secondary index: drops what was there under the old key, adds the new one when it belongs in.
template <class T, class Order, class Belongs>
void reindex(PersistentSet<T, Order>& set, const Ptr<T>& before, const Ptr<T>& after, Belongs belongs) {
    if (before && belongs(*before)) set = set.without(Order::key(*before));
    if (after && belongs(*after)) set = set.with(after);
}

// Whatever belongs in: at once where there is nothing yet, which is so but for the indexes across all organizations.
template <class T, class Order, class Belongs>
void add_all(PersistentSet<T, Order>& set, const std::vector<Ptr<T>>& entities, Belongs belongs) {
    std::vector<Ptr<T>> sorted;
    std::ranges::copy_if(entities, std::back_inserter(sorted), [&](const Ptr<T>& each) { return belongs(*each); });
    if (!set.empty()) {
        for (auto& each : sorted) set = set.with(std::move(each));
        return;
    }
    std::ranges::sort(sorted, [](const Ptr<T>& a, const Ptr<T>& b) { return Order::key(*a) < Order::key(*b); });
    set = PersistentSet<T, Order>::from_sorted(sorted);
}

template <class T>
bool always(const T&) {
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

template <class T, class Visit>
void SnapshotBuilder::each_index(Visit visit) {
    visit(std::get<NameIndex<T>>(open_->by_name_), always<T>);
    if constexpr (std::is_same_v<T, Phone>) {
        visit(open_->phones_by_user_, [](const Phone& phone) { return !phone.user.empty(); });
        visit(open_->phones_by_sip_username_, [](const Phone& phone) { return !phone.sip.username.empty(); });
        visit(open_->phones_by_station_, [](const Phone& phone) { return !phone.station.empty(); });
    } else if constexpr (std::is_same_v<T, Number>) {
        visit(open_->numbers_by_user_, [](const Number& number) {
            return is_live(number.state) && number.routing && number.routing->kind == RoutingKind::User;
        });
        visit(open_->numbers_by_account_,
              [](const Number& number) { return is_live(number.state) && number.caller_id; });
    } else if constexpr (std::is_same_v<T, Trunk>) {
        visit(open_->trunks_by_name_, always<Trunk>);
    } else if constexpr (std::is_same_v<T, OAuthClient>) {
        visit(next_.oauth_clients_, always<OAuthClient>);
    } else if constexpr (std::is_same_v<T, ApiKey>) {
        visit(next_.api_keys_, always<ApiKey>);
    } else if constexpr (std::is_same_v<T, ConsoleCredential>) {
        visit(next_.console_logins_, always<ConsoleCredential>);
    }
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
        each_index<T>([&](auto& set, auto belongs) { reindex(set, before, entity, belongs); });
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
    each_index<T>([&](auto& set, auto belongs) { reindex(set, before, Ptr<T>{}, belongs); });
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

void SnapshotBuilder::fill(std::span<const EntityPtr> entities) {
    if (entities.empty()) return;
    std::visit(
        [&]<class T>(const Ptr<T>&) {
            std::vector<Ptr<T>> of_one;
            for (const EntityPtr& each : entities) {
                const auto& entity = std::get<Ptr<T>>(each);
                if (!of_one.empty() && of_one.back()->meta.organization != entity->meta.organization) {
                    fill_organization(of_one);
                    of_one.clear();
                }
                of_one.push_back(entity);
            }
            fill_organization(of_one);
        },
        entities.front());
}

template <class T>
void SnapshotBuilder::fill_organization(const std::vector<Ptr<T>>& entities) {
    if constexpr (std::is_same_v<T, Organization>) {
        for (const auto& each : entities) put_organization(each);
    } else if (OrganizationConfig* config = edit(entities.front()->meta.organization)) {
        std::get<Table<T>>(config->tables_) = Table<T>::from_sorted(entities);
        each_index<T>([&](auto& set, auto belongs) { add_all(set, entities, belongs); });
    }
}

Ptr<Snapshot> SnapshotBuilder::finish() {
    close();
    ++next_.revision_;
    return std::make_shared<const Snapshot>(std::move(next_));
}

}  // namespace dp::telephony
