#pragma once
/// @file CallOrder: what an API user may ask of a running call. One vocabulary for the API, which reads it from a
/// request, and the control shard, which carries it out.
///
/// Values. Source: genesys-api 1.6 ("control a party", "blind transfer", "consult transfer").

#include <optional>
#include <string>
#include <variant>

#include "telephony/ids.hpp"

namespace dp::telephony {

/// The whole call ends.
struct EndCall {};

/// The party leaves: with two parties that is the end of the call.
struct LeaveCall {};

/// PATCH of one party; what is not given stays as it is.
struct SetParty {
    std::optional<bool> held{};      ///< it hears silence, and the others do not hear it
    std::optional<bool> muted{};     ///< the others do not hear it
    std::optional<bool> confined{};  ///< as held; set apart because clients read it apart
};

/// DTMF towards the party: `0-9*#A-D`, at most 64.
struct SendDigits {
    std::string digits;
};

/// Whom a transfer leads to: exactly one of the three.
struct TransferTarget {
    UserId user{};
    QueueId queue{};
    std::string address{};  ///< a number, or the SIP user name of a phone of ours
    std::string address_field = "address";
};

/// The party hands its partner over to the target. Blind: the target's answer ends the party's own leg; if it does not
/// answer, the two talk again. To a queue (or a number of ours with a flow or a queue behind it) the party leaves at
/// once. Consult: the party talks to the target first, and completes by leaving.
struct TransferCall {
    TransferTarget target{};
    bool consult = false;
};

/// During a consultation: whom the party talks to, the target or the one who waits.
struct SpeakTo {
    bool target = true;
};

/// The transfer is called off: the two talk again.
struct CancelConsult {};

using CallAction = std::variant<EndCall, LeaveCall, SetParty, SendDigits, TransferCall, SpeakTo, CancelConsult>;

struct CallOrder {
    OrganizationId organization;
    ConversationId conversation;
    CallAction action;
    ParticipantId participant{};      ///< empty: the agent's; for digits the remote party's
    CommunicationId communication{};  ///< where given it must be the participant's present one
};

}  // namespace dp::telephony
