#pragma once
/// @file For tests of any module: the example organization as a snapshot, without a store, and a Secrets with a fixed
/// key.

#include <memory>
#include <string>

#include "base/crypto.hpp"
#include "telephony/config/snapshot_builder.hpp"
#include "telephony/seed/example_organization.hpp"

namespace dp::telephony::testing {

class FixedSecrets final : public Secrets {
public:
    Sealed seal(std::string_view plain, std::string_view context) const override {
        return {crypto::seal(key_, plain, context)};
    }
    Result<std::string> open(const Sealed& sealed, std::string_view context) const override {
        return crypto::open(key_, sealed.bytes, context);
    }
    std::string derive(std::string_view purpose) const override {
        return std::string(crypto::as_text(crypto::hmac_sha256(crypto::as_text(key_), purpose)));
    }

private:
    std::array<std::uint8_t, 32> key_{1, 2, 3};
};

inline WallTime example_time() {
    return from_millis(1'767'225'600'000);
}

inline ExampleOrganization example_organization() {
    SeededRandom random(7);
    ExampleOptions options;
    options.carrier = {.host = "carrier.dialplane.test", .port = 5070, .username = "acme", .password = "acme-password"};
    options.now = example_time();
    return make_example_organization(options, FixedSecrets(), random);
}

template <class T>
EntityPtr stored(T entity, std::int64_t version = 1) {
    entity.meta.version = version;
    return std::make_shared<const T>(std::move(entity));
}

/// The example organization and changes to it, one snapshot after the other.
class Example {
public:
    Example() {
        ExampleOrganization made = example_organization();
        secrets = std::move(made.secrets);
        SnapshotBuilder builder(std::make_shared<const Snapshot>());
        for (Put& put : made.unit.puts) std::visit([&](auto& e) { builder.put(stored(std::move(e))); }, put.entity);
        snapshot_ = builder.finish();
    }

    const Ptr<Snapshot>& snapshot() const { return snapshot_; }
    const OrganizationConfig& config() const { return *snapshot_->organization(secrets.organization); }

    template <class T>
    void put(T entity) {
        entity.meta.organization = secrets.organization;
        SnapshotBuilder builder(snapshot_);
        builder.put(stored(std::move(entity)));
        snapshot_ = builder.finish();
    }
    /// Changes the entity with this id.
    template <class T, class Id, class Change>
    void change(const Id& id, Change&& change) {
        T copy = *config().template find<T>(id);
        change(copy);
        put(std::move(copy));
    }
    void remove(EntityType type, const std::string& id) {
        SnapshotBuilder builder(snapshot_);
        builder.remove(type, secrets.organization, id);
        snapshot_ = builder.finish();
    }

    FirstRunSecrets secrets;

private:
    Ptr<Snapshot> snapshot_;
};

inline const UserId kJohn{"a1b2c3d4-e5f6-7890-abcd-ef1234567890"};
inline const UserId kAgent48291{"user-agent-48291"};
inline const TrunkId kAcme{"sip-trunk-acme-us-east"};

}  // namespace dp::telephony::testing
