#pragma once
/// @file DialPlan: whom a side of a call is reached by: all phones of a user, one gateway after the other, or whoever a
/// queue or flow finds; and TransferPlanner, the port that makes one for the target of a transfer.
///
/// Control shard only.

#include <chrono>
#include <optional>
#include <string>

#include "call/hunt.hpp"
#include "call/leg_signaling.hpp"
#include "telephony/conversation/call_order.hpp"
#include "telephony/conversation/conversation.hpp"
#include "telephony/routing/journey.hpp"

namespace dp::call {

/// How a party is reached.
enum class Reach : std::uint8_t {
    Incoming,  ///< it called us: one leg
    Phones,    ///< all contacts of the user at once
    Gateways,  ///< one gateway after the other
    Journey,   ///< phones of one user after the other, as a queue or a flow says; of a transfer's target only
};

struct DialPlan {
    Reach reach = Reach::Phones;
    telephony::UserId user{};  ///< Phones: whose
    std::string user_name{};
    std::chrono::seconds rings{30};
    Hunt hunt{};                                             ///< Gateways: the router's plan
    CallerIdentity shown{};                                  ///< to whom it reaches
    std::string dialed{};                                    ///< what a gateway is asked for
    std::string address{};                                   ///< as asked
    std::optional<telephony::JourneyPlan> journey{};         ///< Journey
    telephony::Ptr<telephony::OrganizationConfig> config{};  ///< Journey: that its plan was made from
};

/// Who asks for a transfer and who is handed over, as the planner needs to know it.
struct TransferAsked {
    const telephony::Conversation& conversation;
    telephony::UserId transferor;  ///< whose dial rules and caller ID hold; empty: the conversation's agent
    telephony::TransferTarget target;
    bool consult = false;
};

/// Implemented by signaling's switchboard.
class TransferPlanner {
public:
    virtual ~TransferPlanner() = default;
    /// InvalidValue and Forbidden as for a new call; Conflict when the target cannot be reached now.
    virtual Result<DialPlan> plan_transfer(const TransferAsked& asked) = 0;
};

}  // namespace dp::call
