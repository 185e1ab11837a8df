/// The stage before and between hunts of a call that queues or flows lead: what the journey says is carried out on the
/// caller's leg.

#include "call/call.hpp"

namespace dp::call {

using telephony::JourneyMove;
using telephony::Reached;

/// The journey begins, or hears that nobody of those it offered the call to has answered.
void Call::guide() {
    if (!hunt_failure_) return follow(journey_->start(now()));
    follow(journey_->not_taken(*std::exchange(hunt_failure_, std::nullopt), now()));
}

/// A blind transfer to a queue or a flow. Nobody knows how long that takes, so the party that transfers is let go at
/// once, and whom it talked to waits where an inbound caller does.
void Call::hand_to_journey(CallSide& leaver, DialPlan plan) {
    CallSide& stays = other_side(leaver);
    media_.part(*leaver.standing());
    media_.part(*stays.standing());
    close_transfer(200);
    hang_up_side(leaver, telephony::terminate(telephony::EndReason::Transferred, Reached::Connected));
    if (&stays == &second_) first_ = std::move(second_);
    first_.party = Party::Remote;
    forget_orders(first_);
    setup_.config = std::move(plan.config);
    setup_.shown_to_agent = std::move(plan.shown);
    setup_.answer_mode = AnswerMode::Person;
    second_ = {.party = Party::Agent, .plan = phones_plan()};
    journey_.emplace(setup_.config, std::move(*plan.journey), ports_.turns, availability_);
    ringback_ = false;
    state_ = InboundState::Connected;
    report_.event(telephony::event_type::kConversationUpdated);
    take(CallEvent::Guided);
}

void Call::follow(const JourneyMove& move) {
    note_steps();
    if (move.kind != JourneyMove::Kind::Stay) deadline_.cancel();  // armed anew for what comes now
    switch (move.kind) {
        case JourneyMove::Kind::Stay:
        case JourneyMove::Kind::Listen:
            break;
        case JourneyMove::Kind::Pause:
            pass_ringing();
            break;
        case JourneyMove::Kind::Announce:
        case JourneyMove::Kind::Ask:
            speak(move);
            break;
        case JourneyMove::Kind::Offer:
            offer_to(move.user);
            break;
        case JourneyMove::Kind::End:
            end(move.reason);
            break;
    }
}

void Call::offer_to(const telephony::UserId& user) {
    std::erase_if(second_.legs, [](const CallLeg& leg) { return !leg.live(); });
    second_.plan.user = user;
    report_.agent(user);
    phone_reason_.reset();
    if (first_.standing() != nullptr && (early_ || first_.standing()->state == LegState::Answered))
        pass_ringing();  // an answered caller hears ringback all the time that somebody is looked for
    take(CallEvent::Offered);
}

void Call::speak(const JourneyMove& move) {
    CallLeg* caller = first_.standing();
    if (caller == nullptr) return;
    if (!open_line(move.answer)) return end(telephony::EndReason::IncompatibleMedia);
    ringback_ = false;
    media_.announce(*caller, ports_.prompts.of(move.prompt), ++announcement_);
}

/// Makes the caller hear us: 200, or 183 with SDP where the flow asks for early media. Nothing when that is done.
bool Call::open_line(telephony::FlowAnswer how) {
    CallLeg& caller = *first_.standing();
    if (caller.state == LegState::Answered) return true;
    const bool early = how == telephony::FlowAnswer::EarlyMedia && !caller.late_offer;  // a late offer has no 183
    if (early && early_) return true;
    std::string description = caller.negotiation->current();  // a 200 repeats what its 183 said
    if (!early_) {
        caller.codecs = media_.speakable(caller);
        caller.negotiation->set_codecs(caller.codecs);
        auto made = caller.late_offer ? Result<std::string>(caller.negotiation->make_offer())
                                      : caller.negotiation->make_answer();
        if (!made) return false;
        description = std::move(*made);
        media_.apply(caller);
    }
    if (early) {
        early_ = true;
        ports_.signaling.progress(caller.id, Ringing::EarlyMedia, description);
        return true;
    }
    caller.state = LegState::Answered;
    report_.leg_state(caller.record, telephony::CommunicationState::Connected);
    note_codec(caller);
    report_.publish();
    ports_.signaling.answer(caller.id, description);
    return true;
}

/// True for the side whose phones ring because the journey offers them the call.
bool Call::hunts_for_journey(const CallSide& side) const {
    return journey_ && &side == &second_ && journey_->offering();
}

/// Nobody of those the journey offered the call to has taken it: it says what comes next.
void Call::hunt_failed(const telephony::Termination& termination) {
    for (CallLeg& leg : second_.legs) {
        if (!leg.live()) continue;
        dismiss(leg, {.q850 = telephony::facts(termination.reason).q850}, termination);
    }
    hunt_failure_ = termination.reason;
    take(CallEvent::SecondLost);
}

/// True for the caller's leg while the journey has it.
bool Call::guides(LegId id) const {
    return state_ == State(InboundState::Guided) && first_.winner == id;
}

void Call::on_media_played(LegId id, std::uint32_t ticket) {
    if (guides(id) && ticket == announcement_) follow(journey_->played(now()));
}

void Call::note_steps() {
    for (auto& step : journey_->take_steps()) report_.step(std::move(step));
}

}  // namespace dp::call
