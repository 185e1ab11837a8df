#pragma once
/// @file The configuration entities as one closed set: what a unit of work may write and a snapshot holds.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "telephony/accounts/telephony_configuration.hpp"
#include "telephony/events/webhook.hpp"
#include "telephony/identity/credentials.hpp"
#include "telephony/identity/organization.hpp"
#include "telephony/identity/role.hpp"
#include "telephony/identity/user.hpp"
#include "telephony/numbers/did_pool.hpp"
#include "telephony/numbers/number.hpp"
#include "telephony/phones/base_settings.hpp"
#include "telephony/phones/phone.hpp"
#include "telephony/phones/user_settings.hpp"
#include "telephony/routing/call_flow.hpp"
#include "telephony/routing/queue.hpp"
#include "telephony/routing/schedule.hpp"
#include "telephony/sites/location.hpp"
#include "telephony/sites/media_region.hpp"
#include "telephony/sites/network_configuration.hpp"
#include "telephony/sites/site.hpp"
#include "telephony/trunks/trunk.hpp"

namespace dp::telephony {

/// In an order in which every entity stands after those it refers to.
template <template <class> class Of>
using EveryEntity = std::variant<Of<Organization>, Of<Role>, Of<OAuthClient>, Of<ApiKey>, Of<Location>,
                                 Of<NetworkConfiguration>, Of<MediaRegion>, Of<Site>, Of<User>, Of<ConsoleCredential>,
                                 Of<PhoneBaseSettings>, Of<Phone>, Of<UserTelephonySettings>, Of<EdgeGroup>,
                                 Of<SipProfile>, Of<Trunk>, Of<Queue>, Of<Schedule>, Of<ScheduleGroup>, Of<CallFlow>,
                                 Of<TelephonyConfiguration>, Of<Number>, Of<DidPool>, Of<ExtensionPool>, Of<Webhook>>;

template <class T>
using Itself = T;

using Entity = EveryEntity<Itself>;  ///< to be written
using EntityPtr = EveryEntity<Ptr>;  ///< as stored, shared with the snapshot

/// Index in the lists above.
enum class EntityType : std::uint8_t {
    Organization,
    Role,
    OAuthClient,
    ApiKey,
    Location,
    NetworkConfiguration,
    MediaRegion,
    Site,
    User,
    ConsoleCredential,
    PhoneBaseSettings,
    Phone,
    UserTelephonySettings,
    EdgeGroup,
    SipProfile,
    Trunk,
    Queue,
    Schedule,
    ScheduleGroup,
    CallFlow,
    TelephonyConfiguration,
    Number,
    DidPool,
    ExtensionPool,
    Webhook,
};
inline constexpr std::size_t kEntityTypes = std::variant_size_v<Entity>;

/// Stable lower-case name for audit entries, events and messages: `phone`, `edge` (a trunk), `edgegroup`, …
std::string_view to_string(EntityType type);

inline EntityType type_of(const Entity& entity) {
    return static_cast<EntityType>(entity.index());
}

const EntityMeta& meta_of(const Entity& entity);
EntityMeta& meta_of(Entity& entity);
const std::string& id_of(const Entity& entity);

}  // namespace dp::telephony
