#pragma once
/// @file Number: one E.164 number, its lifecycle and its ONE routing object (seed 0; product.md "State machines").

#include <cstdint>
#include <optional>
#include <string>

#include "base/boxed.hpp"
#include "base/result.hpp"
#include "telephony/ids.hpp"
#include "telephony/numbers/provisioning_job.hpp"

namespace dp::telephony {

enum class NumberType : std::uint8_t { Pstn, Sip };
enum class NumberState : std::uint8_t { Pending, Provisioning, Active, Rejected, Failed, Releasing, Released };

/// What happens to a number; which state permits it is next_state().
enum class NumberTransition : std::uint8_t {
    OrderPlaced,
    Confirmed,
    Refused,
    LimitPassed,
    Retried,
    ReleaseAsked,
    ReleaseDone
};

enum class RoutingKind : std::uint8_t { User, Queue, CallFlow };

/// Replaced as a whole by a PUT (seed 0, section 2): dropping `callflow` sends calls straight to the target.
struct NumberRouting {
    RoutingKind kind = RoutingKind::User;
    std::string id;  ///< user, queue or call flow id
    std::string display_name;
    std::string routing_type;  ///< `direct`, …; carried, not interpreted
    CallFlowId callflow;       ///< runs first when not empty
    bool operator==(const NumberRouting&) const = default;
};

/// What a number is as a caller ID of a carrier account (seed 4, "Phone Numbers (CLIs)").
struct CallerIdUse {
    TelephonyConfigurationId configuration;
    std::string address;       ///< as it was written
    std::string country_code;  ///< ISO 3166-1, two letters; may be empty
    bool active = true;        ///< may calls show it?
    bool is_default = false;   ///< the configuration's own choice; at most one
    std::string metadata;      ///< a JSON object as text; empty: none
    WallTime added{};
};

struct Number {
    NumberId id;
    EntityMeta meta;
    std::string e164;
    NumberType type = NumberType::Pstn;
    std::string provider;  ///< trunk id (or carrier account id)
    LocationId location;
    NumberState state = NumberState::Pending;
    std::optional<NumberRouting> routing;
    std::string label;
    Boxed<CallerIdUse> caller_id;  ///< in a carrier account's pool; most are in none
    Boxed<ProvisioningJob> job;    ///< while something is under way at the carrier, or went wrong there
};

/// The state after `transition`, or Conflict that names the present state.
Result<NumberState> next_state(NumberState from, NumberTransition transition);
/// A number that still occupies its E.164 value: a rejected, failed or released one may be ordered again.
bool is_live(NumberState state);
std::string_view to_string(NumberState state);
std::optional<NumberState> number_state_from(std::string_view text);
std::string_view to_string(NumberType type);
/// Empty for None.
std::string_view to_string(Attention attention);
std::optional<NumberType> number_type_from(std::string_view text);
std::string_view to_string(RoutingKind kind);
/// `user`, `queue`, `callflow` (also `ivr`).
std::optional<RoutingKind> routing_kind_from(std::string_view text);

/// True when calls to it go to this user (with or without a call flow first).
bool is_assigned_to(const Number& number, const UserId& user);

}  // namespace dp::telephony
