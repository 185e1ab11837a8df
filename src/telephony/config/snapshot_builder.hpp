#pragma once
/// @file SnapshotBuilder: makes snapshot N+1 from snapshot N and the changes of one commit. Cost O(k log n) for k
/// changes.
///
/// Threads: the store writer's.

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

class SnapshotBuilder {
public:
    explicit SnapshotBuilder(Ptr<Snapshot> base);

    /// Inserts or replaces. An entity of an organization that is not there is ignored (the store's foreign keys prevent
    /// it).
    void put(const EntityPtr& entity);
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
    void index(const Ptr<Phone>& before, const Ptr<Phone>& after);
    void index(const Ptr<Number>& before, const Ptr<Number>& after);
    void index(const Ptr<Trunk>& before, const Ptr<Trunk>& after);
    void index(const Ptr<OAuthClient>& before, const Ptr<OAuthClient>& after);
    void index(const Ptr<ApiKey>& before, const Ptr<ApiKey>& after);
    void index(const Ptr<ConsoleCredential>& before, const Ptr<ConsoleCredential>& after);
    template <class T>
    void index(const Ptr<T>&, const Ptr<T>&) {}
};

}  // namespace dp::telephony
