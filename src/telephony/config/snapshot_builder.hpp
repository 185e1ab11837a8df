#pragma once
/// @file SnapshotBuilder: makes snapshot N+1 from snapshot N and the changes of one commit. Cost O(k log n) for k
/// changes.
///
/// Threads: the store writer's.

#include <span>
#include <vector>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

class SnapshotBuilder {
public:
    explicit SnapshotBuilder(Ptr<Snapshot> base);

    /// Inserts or replaces. An entity of an organization that is not there is ignored (the store's foreign keys prevent
    /// it).
    void put(const EntityPtr& entity);
    /// Entities of one type in the order of their organizations and ids, as the store loads them, of organizations that
    /// have none of the type yet: every index is built at once, in O(n log n) and without copying a path per entity.
    void fill(std::span<const EntityPtr> entities);
    void remove(EntityType type, const OrganizationId& organization, const std::string& id);
    /// The next snapshot. The builder may not be used afterwards.
    Ptr<Snapshot> finish();

private:
    Snapshot next_;
    /// The organization changed last, taken out of the tree until another one changes: a batch mostly concerns one.
    std::shared_ptr<OrganizationConfig> open_;

    OrganizationConfig* edit(const OrganizationId& id);
    void close();
    void put_organization(Ptr<Organization> organization);
    template <class T>
    void put_entity(const Ptr<T>& entity);
    template <class T>
    void remove_entity(const OrganizationId& organization, const std::string& id);
    template <class T>
    void fill_organization(const std::vector<Ptr<T>>& entities);
    /// `visit(set, belongs)` for every index of T but the one by id: `belongs(entity)` says whether it stands there.
    template <class T, class Visit>
    void each_index(Visit visit);
};

}  // namespace dp::telephony
