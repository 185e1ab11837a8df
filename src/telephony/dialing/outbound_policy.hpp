#pragma once
/// @file OutboundPolicy: may this agent place this call, and what exactly is dialled and shown? Checked against one
/// snapshot before anything is stored or rings.
///
/// Errors: InvalidValue / MissingField (400, the field named as the caller spelled it), Forbidden (403, reason in the
/// detail). Source: seed 3 "Common Errors"; product.md "A call on behalf of an agent", "Dial rules and E.164". Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

struct PlaceCall {
    UserId agent;            ///< `from.id`
    std::string agent_name;  ///< `from.name`, shown as caller name when not empty
    std::string caller_id;   ///< `from.phoneNumber`; empty: the user's number, then the site's
    std::string destination;
    std::string type;  ///< must be `pstn`
    std::string agent_field = "from.id";
    std::string caller_id_field = "from.phoneNumber";
    std::string destination_field = "to.phoneNumber";
};

enum class CallerIdSource : std::uint8_t { Asked, User, Site, None };

struct OutboundCall {
    OrganizationId organization;
    Ptr<User> agent;
    Ptr<Site> site;                  ///< may be null: no site configured
    std::vector<Ptr<Phone>> phones;  ///< enabled phones of the agent; may be empty
    std::string caller_id;           ///< E.164; empty when nothing may be shown
    std::string caller_name;
    CallerIdSource caller_id_source = CallerIdSource::None;
    std::string destination;  ///< as asked
    std::string dialed;       ///< after dial rules
    std::optional<std::size_t> dial_rule;
    DestinationClass destination_class = DestinationClass::National;
};

Result<OutboundCall> check_outbound(const OrganizationConfig& config, const PlaceCall& call);

/// What the dial rules of `settings` (null: none) make of what an agent dials: the rules of the endpoint that is in use,
/// the browser phone's before the SIP endpoint's.
struct DialPlan {
    std::string dialed;               ///< what the carrier is asked for
    std::optional<std::size_t> rule;  ///< which of `rules` matched
    std::span<const DialRule> rules;  ///< views `settings`
    std::string_view endpoint;        ///< whose rules they are: `webRtc`, `sofia`; empty: nobody's
    bool emergency = false;           ///< recognised before any rule
    bool accepted = false;            ///< neither E.164 nor matched by a rule: such a call is refused
};
DialPlan plan_dialing(const OrganizationConfig& config, const UserTelephonySettings* settings,
                      const std::string& destination);

/// Emergency before any rule, then the site's number plans, then by country code.
DestinationClass classify(const OrganizationConfig& config, const Site* site, const std::string& destination);

}  // namespace dp::telephony
