#pragma once
/// @file The stable names of the domain's choices, one table each: what documents in the store and answers of the API
/// are written with.
///
/// Never rename one: stored documents carry them.

#include <array>
#include <optional>
#include <string_view>

#include "telephony/conversation/conversation.hpp"
#include "telephony/events/audit_entry.hpp"
#include "telephony/events/webhook_delivery.hpp"
#include "telephony/identity/credentials.hpp"
#include "telephony/identity/user.hpp"
#include "telephony/live/station.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/numbers/number.hpp"
#include "telephony/phones/base_settings.hpp"
#include "telephony/phones/phone.hpp"
#include "telephony/routing/call_flow.hpp"
#include "telephony/routing/queue.hpp"
#include "telephony/sites/media_region.hpp"
#include "telephony/sites/network_configuration.hpp"
#include "telephony/sites/site.hpp"
#include "telephony/trunks/trunk.hpp"

namespace dp::telephony {

template <class E>
struct Names;

#define DP_NAMES(Enum, ...)                                                          \
    template <>                                                                      \
    struct Names<Enum> {                                                             \
        static constexpr auto kAll = std::to_array<std::string_view>({__VA_ARGS__}); \
    }

DP_NAMES(UserState, "active", "inactive", "deleted");
DP_NAMES(GrantType, "client_credentials", "jwt_bearer", "authorization_code", "refresh_token");
DP_NAMES(GrantKind, "access_token", "refresh_token", "console_session", "authorization_code", "assertion");
DP_NAMES(KeyAlgorithm, "RS256", "ES256", "EdDSA");
DP_NAMES(IceTransportPolicy, "all", "relay");
DP_NAMES(RegionTier, "Home", "Core", "Satellite");
DP_NAMES(RelayBehavior, "any_site_region", "lowest_latency");
DP_NAMES(DialOrder, "agent_first", "destination_first");
DP_NAMES(DestinationClass, "Emergency", "Network", "National", "International", "Extension");
DP_NAMES(RouteDistribution, "SEQUENTIAL", "RANDOM");
DP_NAMES(PhoneModel, "webrtc", "generic_sip");
DP_NAMES(DigestPolicy, "md5_and_sha256", "sha256_only");
DP_NAMES(Codec, "opus", "g722", "pcmu", "pcma", "g729", "gsm");
DP_NAMES(NumberType, "pstn", "sip");
DP_NAMES(NumberState, "pending", "provisioning", "active", "rejected", "failed", "releasing", "released");
DP_NAMES(JobKind, "order", "release");
DP_NAMES(Attention, "NONE", "AUTO_PROVISION_DISABLED", "MANUAL_REGISTRATION_REQUIRED", "CARRIER_SLOW",
         "CARRIER_UNREACHABLE", "RELEASE_REFUSED");
DP_NAMES(RoutingKind, "user", "queue", "callflow");
DP_NAMES(QueueOrder, "listed", "round_robin");
DP_NAMES(FlowStepKind, "announce", "menu", "schedule", "transfer", "disconnect");
DP_NAMES(FlowAnswer, "answer", "early_media");
DP_NAMES(TrunkTransport, "udp", "tcp", "tls");
DP_NAMES(MediaPolicy, "anchor", "bypass");
DP_NAMES(MediaPort, "own", "shared");
DP_NAMES(MediaEncryption, "none", "optional", "required");
DP_NAMES(CalledNumberSource, "request_uri", "to", "p_called_party_id");
DP_NAMES(RegistrationType, "REGISTER", "NONE");
DP_NAMES(ConversationStatus, "queued", "initiated", "ringing", "connected", "disconnected", "failed");
DP_NAMES(Direction, "outbound", "inbound");
DP_NAMES(ParticipantPurpose, "agent", "customer", "external", "acd", "ivr");
DP_NAMES(CommunicationState, "none", "alerting", "dialing", "contacting", "offering", "connected", "disconnected",
         "terminated");
DP_NAMES(EndResult, "disconnected", "failed");
DP_NAMES(ActorKind, "system", "oauth_client", "user", "api_key");
DP_NAMES(StationState, "offline", "online", "in_use");
DP_NAMES(RegistrationState, "unregistered", "registering", "registered", "failed", "not_needed");
DP_NAMES(DeliveryState, "pending", "delivered", "dead");
DP_NAMES(TrunkHealth, "unknown", "up", "down");

#undef DP_NAMES

template <class E>
constexpr std::string_view name_of(E value) {
    return Names<E>::kAll[static_cast<std::size_t>(value)];
}

template <class E>
constexpr std::optional<E> from_name(std::string_view name) {
    for (std::size_t i = 0; i < Names<E>::kAll.size(); ++i)
        if (Names<E>::kAll[i] == name) return static_cast<E>(i);
    return std::nullopt;
}

}  // namespace dp::telephony
