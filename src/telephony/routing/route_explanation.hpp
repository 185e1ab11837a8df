#pragma once
/// @file RouteExplanation: a dry run of an inbound call: the very journey that a call would make, at a given time, with
/// the keys that the caller would press, and somebody or nobody answering. Nothing rings.
///
/// Pure. Prompts and rings take the time they would; live state (who is registered or busy) is left out.

#include <string>
#include <vector>

#include "telephony/config/snapshot.hpp"
#include "telephony/conversation/termination.hpp"

namespace dp::telephony {

struct RouteQuestion {
    enum class Answers : std::uint8_t { First, Nobody };
    std::string called{};  ///< E.164, or digits without `+`
    WallTime at{};
    std::string digits{};  ///< one per menu, in order; a menu without one runs out of tries
    Answers answers = Answers::First;
};

struct RouteExplanation {
    static constexpr std::size_t kMostSteps = 200;

    Ptr<Number> number;                      ///< null: nobody has it
    std::string unrouted;                    ///< why it leads nowhere at all; empty: it is led
    std::vector<RouteStep> steps;            ///< as the conversation would show them; at most kMostSteps
    UserId user;                             ///< who would talk to the caller; empty: nobody
    EndReason reason = EndReason::Unrouted;  ///< without a user: how it ends
};

RouteExplanation explain_route(const Ptr<OrganizationConfig>& config, const RouteQuestion& question);

}  // namespace dp::telephony
