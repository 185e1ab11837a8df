#pragma once
/// @file Report: the record of one call (status, participants, legs, termination) as it grows. Changes collect while an
/// event is handled; publish() hands one new immutable version to the sink, with the events it means.
///
/// Status only moves forward, skipped steps included (`ringing` is always seen before `connected`); a call has one
/// Termination. Threads: control shard. Source: product.md "Conversation"; seed 3; genesys-api 1.6.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "call/conversation_sink.hpp"
#include "call/leg.hpp"
#include "sdp/codec.hpp"

namespace dp::call {

/// Which communication of the record a leg is.
struct CommunicationRef {
    std::uint16_t participant = 0;
    std::uint16_t communication = 0;
};

struct LegFlags {
    bool held = false;
    bool muted = false;
    bool confined = false;
    bool operator==(const LegFlags&) const = default;
};

struct NewCommunication {
    Party party = Party::Agent;
    telephony::CommunicationState state = telephony::CommunicationState::Alerting;
    telephony::Direction direction = telephony::Direction::Outbound;
    std::string address;
    telephony::TrunkId trunk;
    telephony::PhoneId phone;
    std::optional<std::uint16_t> participant;  ///< none: the one of that party
};

class Report {
public:
    /// Version 0 is a record that nobody has seen yet: its first publication says `conversation.created`.
    Report(ConversationSink& sink, const Clock& clock, telephony::Ptr<telephony::Conversation> first);

    const telephony::Conversation& conversation() const { return *current_; }
    bool connected_before() const { return current_->connected.has_value(); }

    void status(telephony::ConversationStatus status);
    /// Another party, beside the two that the call began with. Its id is given here, its legs follow.
    std::uint16_t add_participant(telephony::Participant added);
    CommunicationRef begin_leg(const NewCommunication& leg);
    void leg_state(CommunicationRef ref, telephony::CommunicationState state);
    void leg_codec(CommunicationRef ref, sdp::Codec codec);
    void leg_flags(CommunicationRef ref, LegFlags flags);
    void leg_ended(CommunicationRef ref, const telephony::Termination& termination);
    /// The one end of the call.
    void ended(const telephony::Termination& termination);
    /// An event beside the transitions.
    void event(std::string_view type);
    /// This leg sends no audio: an event that says whose it is.
    void silent(CommunicationRef ref);

    /// A step of the call's way through flows and queues: an entry of the record and an event of its own.
    void step(telephony::RouteStep step);
    /// Whose phones ring now.
    void agent(const telephony::UserId& user);

    /// One new version when anything changed since the last.
    void publish();

private:
    telephony::Conversation& edit();
    telephony::Communication& communication(CommunicationRef ref);
    std::uint16_t participant_of(Party party);
    std::string next_id();
    /// As it stands, published or not. Looked at first, so that nothing is copied where nothing changes.
    const telephony::Conversation& seen() const { return draft_ ? *draft_ : *current_; }
    const telephony::Communication& seen(CommunicationRef ref) const {
        return seen().participants[ref.participant].communications[ref.communication];
    }

    ConversationSink& sink_;
    const Clock& clock_;
    std::shared_ptr<const telephony::Conversation> current_;
    std::unique_ptr<telephony::Conversation> draft_;
    std::vector<telephony::Event> events_;
};

}  // namespace dp::call
