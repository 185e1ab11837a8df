#include "telephony/conversation/conversation.hpp"

#include "telephony/names.hpp"

namespace dp::telephony {

std::string_view to_string(ConversationStatus status) {
    return name_of(status);
}
std::optional<ConversationStatus> conversation_status_from(std::string_view text) {
    return from_name<ConversationStatus>(text);
}
std::string_view to_string(Direction direction) {
    return name_of(direction);
}
std::string_view to_string(ParticipantPurpose purpose) {
    return name_of(purpose);
}
std::string_view to_string(CommunicationState state) {
    return name_of(state);
}

bool is_final(ConversationStatus status) {
    return status == ConversationStatus::Disconnected || status == ConversationStatus::Failed;
}

bool may_follow(ConversationStatus from, ConversationStatus to) {
    // The enum stands in the order of the machine: forward only, and nothing follows an end.
    return !is_final(from) && from < to;
}

namespace {

void stamp(Conversation& conversation, ConversationStatus status, WallTime now) {
    switch (status) {
        case ConversationStatus::Queued:
            conversation.started = now;
            break;
        case ConversationStatus::Initiated:
            conversation.initiated = now;
            break;
        case ConversationStatus::Ringing:
            conversation.ringing = now;
            break;
        case ConversationStatus::Connected:
            conversation.connected = now;
            break;
        case ConversationStatus::Disconnected:
        case ConversationStatus::Failed:
            conversation.ended = now;
            break;
    }
}

void end_leg(Communication& leg, const Termination& termination, WallTime now) {
    if (leg.ended) return;
    leg.state = CommunicationState::Disconnected;
    leg.ended = now;
    if (!leg.termination) leg.termination = termination;
}

}  // namespace

Result<void> advance(Conversation& conversation, ConversationStatus to, WallTime now) {
    if (!may_follow(conversation.status, to))
        return fail(ErrorCode::Conflict,
                    "The conversation is " + std::string(to_string(conversation.status)) + " and cannot become " +
                        std::string(to_string(to)) + ".",
                    "status");
    conversation.status = to;
    stamp(conversation, to, now);
    conversation.meta.modified = now;
    ++conversation.meta.version;
    return {};
}

Result<void> end(Conversation& conversation, const Termination& termination, WallTime now) {
    const auto status =
        termination.result == EndResult::Failed ? ConversationStatus::Failed : ConversationStatus::Disconnected;
    DP_CHECK(advance(conversation, status, now));
    conversation.termination = termination;
    for (Participant& participant : conversation.participants)
        for (Communication& leg : participant.communications) end_leg(leg, termination, now);
    return {};
}

}  // namespace dp::telephony
