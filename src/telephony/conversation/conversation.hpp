#pragma once
/// @file Conversation: the record of one call: its status, who takes part, and each party's leg. What the API shows
/// while the call is up and what remains afterwards (the CDR).
///
/// Threads: immutable once published; the control shard makes each next version. Source: seed 3; genesys-api 1.6.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "telephony/codec.hpp"
#include "telephony/conversation/termination.hpp"
#include "telephony/ids.hpp"
#include "telephony/routing/route_target.hpp"

namespace dp::telephony {

enum class ConversationStatus : std::uint8_t { Queued, Initiated, Ringing, Connected, Disconnected, Failed };
enum class Direction : std::uint8_t { Outbound, Inbound };
enum class ParticipantPurpose : std::uint8_t { Agent, Customer, External, Acd, Ivr };
enum class CommunicationState : std::uint8_t {
    None,
    Alerting,
    Dialing,
    Contacting,
    Offering,
    Connected,
    Disconnected,
    Terminated
};

/// One leg.
struct Communication {
    CommunicationId id;
    CommunicationState state = CommunicationState::None;
    Direction direction = Direction::Outbound;
    std::string address;         ///< number or SIP URI of the far end, as shown
    std::optional<Codec> codec;  ///< once negotiated
    bool held = false;
    bool muted = false;
    bool confined = false;
    TrunkId trunk;
    PhoneId phone;
    std::string sip_call_id;
    std::optional<WallTime> started;  ///< alerting or dialling began
    std::optional<WallTime> connected;
    std::optional<WallTime> ended;
    std::optional<Termination> termination;
};

struct Participant {
    ParticipantId id;
    ParticipantPurpose purpose = ParticipantPurpose::Agent;
    UserId user;
    std::string name;
    std::string address;  ///< E.164 or SIP address
    std::vector<Communication> communications;
};

struct Conversation {
    ConversationId id;
    EntityMeta meta;  ///< version counts transitions
    ConversationStatus status = ConversationStatus::Queued;
    Direction direction = Direction::Outbound;
    UserId agent;
    std::string caller_id;  ///< E.164 shown to the called party (outbound), of the caller (inbound)
    std::string caller_name;
    std::string destination;  ///< as asked (outbound) or called number (inbound)
    std::string dialed;       ///< after dial rules
    std::vector<Participant> participants;
    std::vector<RouteStep> route;  ///< inbound: how flows and queues led the call, in order; bounded by the journey
    std::optional<Termination> termination;
    WallTime started{};
    std::optional<WallTime> initiated;
    std::optional<WallTime> ringing;
    std::optional<WallTime> connected;
    std::optional<WallTime> ended;
};

std::string_view to_string(ConversationStatus status);
std::optional<ConversationStatus> conversation_status_from(std::string_view text);
std::string_view to_string(Direction direction);
std::string_view to_string(ParticipantPurpose purpose);
std::string_view to_string(CommunicationState state);
bool is_final(ConversationStatus status);

/// `queued → initiated → ringing → connected → disconnected | failed`; steps may be skipped forward, never taken back.
bool may_follow(ConversationStatus from, ConversationStatus to);

/// Moves the status forward and stamps its time; Conflict where the machine has no such step.
Result<void> advance(Conversation& conversation, ConversationStatus to, WallTime now);
/// Ends it once: status from the termination's result, time, and every leg still up disconnected. A second call is
/// Conflict.
Result<void> end(Conversation& conversation, const Termination& termination, WallTime now);

}  // namespace dp::telephony
