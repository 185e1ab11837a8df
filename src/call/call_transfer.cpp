/// Handing a party over: blind, with consultation, and with another call's far party (RFC 3891). The order of things is
/// transfer_fsm's; here is what each action does.

#include <array>

#include "call/call.hpp"

namespace dp::call {

using telephony::EndReason;
using telephony::Reached;

namespace {

constexpr int kNormalClearing = 16;
constexpr int kRingingStatus = 180;
constexpr int kDone = 200;

}  // namespace

bool Call::may_transfer(LegId id) {
    const CallLeg* leg = find(id);
    return leg != nullptr && !user_of(id).empty() && may_be_transferred(*leg).has_value();
}

telephony::UserId Call::user_of(LegId id) {
    const CallSide* side = side_of(id);
    return side == nullptr ? telephony::UserId{} : side->plan.user;
}

Result<void> Call::may_be_transferred(const CallLeg& transferor) {
    const CallLeg* partner = partner_of(transferor.id);
    if (reached() != Reached::Connected || termination_ || partner == nullptr)
        return fail(ErrorCode::Conflict, "Only a connected call can be transferred.");
    if (transfer_ != TransferState::None)
        return fail(ErrorCode::Conflict, "A transfer of this call is under way already.");
    if (bypass_) return fail(ErrorCode::Conflict, "This call's media does not pass through the server.");
    return {};
}

Result<void> Call::start_transfer(CallLeg& transferor, telephony::TransferTarget target, bool consult,
                                  TransferPlanner& planner) {
    DP_CHECK(may_be_transferred(transferor));
    DP_TRY(plan, planner.plan_transfer({report_.conversation(), user_of(transferor.id), std::move(target), consult}));
    if (plan.reach == Reach::Journey) {
        hand_to_journey(*side_of(transferor.id), std::move(plan));
        return {};
    }
    transferor_is_first_ = side_of(transferor.id) == &first_;
    target_ = {.party = plan.reach == Reach::Phones ? Party::Agent : Party::Remote, .plan = std::move(plan)};
    add_target_participant();
    phone_reason_.reset();
    take(consult ? TransferEvent::StartConsult : TransferEvent::StartBlind);
    return {};
}

void Call::add_target_participant() {
    telephony::Participant added;
    const bool user = target_.plan.reach == Reach::Phones;
    added.purpose = user ? telephony::ParticipantPurpose::Agent : telephony::ParticipantPurpose::External;
    added.user = target_.plan.user;
    added.name = target_.plan.user_name;
    added.address = target_.plan.address;
    target_.participant = report_.add_participant(std::move(added));
    report_.event(telephony::event_type::kConversationUpdated);
}

Result<void> Call::refer(LegId id, telephony::TransferTarget target, TransferPlanner& planner) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return fail(ErrorCode::NotFound, "The leg is gone.");
    const auto before = std::exchange(referrer_, id);
    auto started = start_transfer(*leg, std::move(target), false, planner);
    if (!started) referrer_ = before;
    return started;
}

Result<LegId> Call::take_over(LegId id, Call& other, LegId others) {
    CallLeg* leaving = find(id);
    CallLeg* theirs = other.find(others);
    if (leaving == nullptr || theirs == nullptr) return fail(ErrorCode::NotFound, "The leg is gone.");
    DP_CHECK(may_be_transferred(*leaving));
    DP_CHECK(other.may_be_transferred(*theirs));
    CallSide& leaver = *side_of(id);
    transferor_is_first_ = &leaver == &first_;
    referrer_ = id;
    adopt(other.give_away(other.other_side(*other.side_of(others))));
    const LegId brought = target_.winner;
    replace(leaver);
    return brought;
}

/// The far party leaves this call for another one; what is left of this one ends.
CallSide Call::give_away(CallSide& side) {
    const auto termination = telephony::terminate(EndReason::Transferred, reached());
    CallSide given;
    given.party = side.party;
    given.plan = std::move(side.plan);
    if (CallLeg* partner = other_side(side).standing()) media_.part(*partner);
    given.winner = std::exchange(side.winner, LegId{});
    for (auto leg = side.legs.begin(); leg != side.legs.end(); ++leg) {
        if (leg->id != given.winner) continue;
        media_.part(*leg);
        report_.leg_ended(leg->record, termination);
        given.legs.push_back(std::move(*leg));
        side.legs.erase(leg);
        break;
    }
    end(termination);
    return given;
}

void Call::adopt(CallSide given) {
    target_ = std::move(given);
    add_target_participant();
    CallLeg& leg = target_.legs.front();
    NewCommunication record;
    record.party = target_.party;
    record.address = target_.plan.address;
    record.trunk = leg.trunk;
    record.participant = target_.participant;
    leg.record = report_.begin_leg(record);
    report_.leg_state(leg.record, telephony::CommunicationState::Connected);
    note_codec(leg);
}

void Call::step_once(TransferEvent event) {
    const TransferStep* found = step(transfer_, event);
    if (found == nullptr || termination_) return;
    transfer_ = found->next;
    for (TransferAction action : found->actions) run(action);
}

void Call::run(TransferAction action) {
    switch (action) {
        case TransferAction::None:
            break;
        case TransferAction::Park:
            park();
            break;
        case TransferAction::DialTarget:
            ports_.timers.arm(target_deadline_, ports_.clock.now() + ring_limit(target_));
            dial(target_);
            break;
        case TransferAction::DropTarget:
            drop_target(telephony::terminate(EndReason::Cancelled, Reached::NotConnected));
            break;
        case TransferAction::ObjectHearsRinging:
            hears_ringing(object());
            break;
        case TransferAction::TransferorHearsRinging:
            hears_ringing(transferor());
            break;
        case TransferAction::TellRinging:
            if (referrer_) ports_.signaling.transfer_progress(*referrer_, kRingingStatus);
            break;
        case TransferAction::JoinTarget:
            target_deadline_.cancel();
            talk(transferor(), target_, &object());
            break;
        case TransferAction::JoinObject:
            talk(transferor(), object(), &target_);
            break;
        case TransferAction::ReplaceTransferor:
            replace(transferor());
            break;
        case TransferAction::ReplaceObject:
            replace(object());
            break;
        case TransferAction::Return:
            return_to_transferor();
            break;
        case TransferAction::EndCall:
            end(transfer_end_);
            break;
    }
}

void Call::park() {
    for (CallSide* side : {&first_, &second_}) {
        CallLeg* leg = side->standing();
        media_.part(*leg);
        media_.silence(*leg);
    }
    set_waiting(object(), true);
}

/// A party that waits shows as held.
void Call::set_waiting(CallSide& side, bool waits) {
    CallLeg* leg = side.standing();
    if (leg == nullptr || !leg->live()) return;
    leg->waits = waits;
    report_flags(*leg);
}

/// What was asked of it in the company that it leaves (hold, mute) does not go along.
void Call::forget_orders(CallSide& side) {
    CallLeg* leg = side.standing();
    if (leg == nullptr || !leg->live()) return;
    leg->asked = {};
    leg->waits = false;
    report_flags(*leg);
}

/// What the target lets be heard before it answers, or our own ringback.
void Call::hears_ringing(CallSide& listener) {
    CallLeg* leg = listener.standing();
    if (leg == nullptr || !leg->live()) return;
    for (CallLeg& early : target_.legs)
        if (early.state == LegState::EarlyMedia) return media_.join(*leg, early);
    media_.ringback(*leg, setup_.country);
}

void Call::talk(CallSide& a, CallSide& b, CallSide* waits) {
    CallLeg* one = a.standing();
    CallLeg* two = b.standing();
    if (one == nullptr || two == nullptr) return;
    if (CallLeg* third = waits == nullptr ? nullptr : waits->standing()) {
        media_.part(*third);
        media_.silence(*third);
        set_waiting(*waits, true);
    }
    media_.join(*one, *two);
    set_waiting(a, false);
    set_waiting(b, false);
}

/// The target stands where `leaver` stood.
void Call::replace(CallSide& leaver) {
    target_deadline_.cancel();
    report_.publish();
    close_transfer(kDone);
    if (&leaver == &transferor()) forget_orders(object());
    hang_up_side(leaver, telephony::terminate(EndReason::Transferred, Reached::Connected));
    leaver = std::exchange(target_, CallSide{});
    talk(first_, second_, nullptr);
    report_.event(telephony::event_type::kConversationUpdated);
}

void Call::return_to_transferor() {
    target_deadline_.cancel();
    drop_target(transfer_end_);
    target_ = CallSide{};
    talk(first_, second_, nullptr);
    const int said = transfer_end_.sip_status;
    close_transfer(said >= 300 ? said : telephony::facts(transfer_end_.reason).sip_status);
    report_.event(telephony::event_type::kConversationUpdated);
}

void Call::drop_target(const telephony::Termination& termination) {
    transfer_end_ = termination;
    hang_up_side(target_, termination);
}

void Call::hang_up_side(CallSide& side, const telephony::Termination& termination) {
    for (CallLeg& leg : side.legs) {
        if (!leg.live()) continue;
        dismiss(leg, {.q850 = kNormalClearing}, termination);
    }
}

void Call::close_transfer(int sip_status) {
    if (!referrer_) return;
    ports_.signaling.transfer_progress(*std::exchange(referrer_, std::nullopt), sip_status);
}

void Call::lost(CallSide& side, const telephony::Termination& termination) {
    if (hunts_for_journey(side)) return hunt_failed(termination);
    if (transfer_ == TransferState::None || termination_) return end(termination);
    hang_up_side(side, termination);
    transfer_end_ = termination;
    if (&side == &target_) return take(TransferEvent::TargetFails);
    if (&side != &transferor()) return take(TransferEvent::ObjectLeaves);
    referrer_.reset();
    take(TransferEvent::TransferorLeaves);
}

void Call::not_reached(CallSide& side, EndReason reason) {
    not_reached(side, telephony::terminate(reason, &side == &target_ ? Reached::NotConnected : reached()));
}

void Call::not_reached(CallSide& side, const telephony::Termination& termination) {
    if (hunts_for_journey(side)) return hunt_failed(termination);
    if (&side != &target_) return end(termination);
    transfer_end_ = telephony::terminate(termination.reason, reached(), termination.sip_status, termination.q850);
    take(TransferEvent::TargetFails);
}

void Call::on_target_deadline() {
    if (transfer_ == TransferState::None || target_.winner.valid()) return;
    const auto termination = telephony::terminate(EndReason::NoAnswer, reached());
    hang_up_side(target_, termination);
    not_reached(target_, termination);
}

/// Who is heard by whom; null for a party that waits.
CallSide* Call::talks_to(CallSide& side) {
    switch (transfer_) {
        case TransferState::None:
            return &other_side(side);
        case TransferState::Blind:
        case TransferState::Orphaned:
            return &side == &transferor() ? nullptr : (&side == &target_ ? &object() : &target_);
        case TransferState::Consulting:
        case TransferState::Talking:
            return &side == &object() ? nullptr : (&side == &target_ ? &transferor() : &target_);
        case TransferState::Aside:
            return &side == &target_ ? nullptr : &other_side(side);
    }
    return nullptr;
}

}  // namespace dp::call
