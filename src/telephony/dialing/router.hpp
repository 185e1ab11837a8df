#pragma once
/// @file Router: which gateways a call tries, in which order, and why the others are not among them. Also where an
/// inbound call goes.
///
/// Pure: registration, health and load are live inputs handed in. The reasons are kept for `routing explain`.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "telephony/config/snapshot.hpp"
#include "telephony/dialing/outbound_policy.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/routing/journey.hpp"

namespace dp::telephony {

/// What the router must know of a trunk at this moment.
struct TrunkCondition {
    RegistrationState registration = RegistrationState::Unregistered;
    TrunkHealth health = TrunkHealth::Unknown;
    std::int32_t sessions = 0;
};

class TrunkConditions {
public:
    virtual ~TrunkConditions() = default;
    virtual TrunkCondition of(const TrunkId& trunk) const = 0;
};

enum class TrunkVerdict : std::uint8_t {
    Usable,
    Disabled,
    NotRegistered,
    Down,
    AtSessionLimit,
    WrongNumberType,
    Missing
};
std::string_view to_string(TrunkVerdict verdict);

struct GatewayChoice {
    Ptr<Trunk> trunk;
    TrunkGateway gateway;
    CodecList codecs;  ///< what may be offered to it, in order
};

struct TrunkExplanation {
    TrunkId trunk;
    TrunkVerdict verdict;
    std::string route;  ///< outbound route that named it; empty: no route configured
};

struct RoutePlan {
    std::vector<GatewayChoice> gateways;  ///< empty: no_trunk_available
    std::vector<TrunkExplanation> considered;
};

/// `random_order` decides routes with random distribution (a number from Random).
RoutePlan plan_route(const OrganizationConfig& config, const OutboundCall& call, const TrunkConditions& conditions,
                     std::uint64_t random_order);

/// Where an inbound call goes.
struct ToUser {
    Ptr<Number> number;
    Ptr<User> user;
    Ptr<Site> site;
    std::vector<Ptr<Phone>> phones;  ///< enabled; may be empty: nobody to ring
};
/// Through a call flow, a queue or both: routing/journey.hpp leads it.
struct ToJourney {
    Ptr<Number> number;
    JourneyPlan plan;
};
enum class UnroutedReason : std::uint8_t { UnknownNumber, NotActive, NoRouting, TargetMissing, QueueEmpty };
std::string_view to_string(UnroutedReason reason);
struct Unrouted {
    Ptr<Number> number;  ///< null for UnknownNumber
    UnroutedReason reason;
};
using InboundRoute = std::variant<ToUser, ToJourney, Unrouted>;

/// `called` as the carrier sent it: E.164, or digits without `+`.
InboundRoute route_inbound(const OrganizationConfig& config, const std::string& called);

}  // namespace dp::telephony
