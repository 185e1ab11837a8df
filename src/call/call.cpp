#include "call/call.hpp"

namespace dp::call {

using telephony::ConversationStatus;
using telephony::EndReason;
using telephony::Reached;

namespace {

constexpr int kDeclined = 603;

bool is_ended(OutboundState state) {
    return state == OutboundState::Ended;
}
bool is_ended(InboundState state) {
    return state == InboundState::Ended;
}

}  // namespace

Call::Call(const CallPorts& ports, CallSetup setup, LegId first_leg, WakeUps wake)
    : ports_(ports),
      setup_(std::move(setup)),
      name_(first_leg),
      next_leg_(first_leg.value()),
      last_leg_(first_leg.value() + kLegsPerCall - 1),
      media_(ports.media),
      exchange_(ports.signaling, media_),
      report_(ports.sink, ports.clock, std::move(setup_.conversation)),
      deadline_(std::move(wake.state)),
      target_deadline_(std::move(wake.target)),
      availability_(ports.phones, setup_.config->id()) {
    if (setup_.kind == CallSetup::Kind::Inbound) {
        state_ = InboundState::Arrived;
        first_ = {.party = Party::Remote, .plan = {.reach = Reach::Incoming}};
        second_ = {.party = Party::Agent, .plan = phones_plan()};
        if (setup_.journey) journey_.emplace(setup_.config, std::move(*setup_.journey), ports_.turns, availability_);
    } else {
        state_ = OutboundState::Queued;
        first_ = {.party = Party::Agent, .plan = setup_.incoming ? DialPlan{.reach = Reach::Incoming} : phones_plan()};
        second_ = {.party = Party::Remote, .plan = gateways_plan()};
        if (setup_.order == telephony::DialOrder::DestinationFirst && !setup_.incoming) std::swap(first_, second_);
    }
    armed_for_ = state_;
    if (setup_.incoming) adopt_incoming(LegId(next_leg_++));
}

Call::~Call() = default;

DialPlan Call::phones_plan() const {
    DialPlan plan;
    plan.reach = Reach::Phones;
    plan.user = setup_.agent;
    plan.rings = setup_.agent_rings;
    plan.shown = setup_.shown_to_agent;
    plan.address = setup_.shown_to_agent.user;
    return plan;
}

DialPlan Call::gateways_plan() {
    DialPlan plan;
    plan.reach = Reach::Gateways;
    plan.hunt = Hunt(std::move(setup_.gateways));
    plan.shown = setup_.shown_to_remote;
    plan.dialed = setup_.dialed;
    plan.address = setup_.dialed;
    return plan;
}

void Call::begin() {
    if (journey_) return take(CallEvent::Guided);
    if (setup_.kind == CallSetup::Kind::Inbound) return take(CallEvent::Routed);
    if (remote_side().plan.hunt.empty()) return end(EndReason::NoTrunkAvailable);  // before anything rings
    take(setup_.incoming ? CallEvent::PlacedByPhone : CallEvent::Placed);
}

Reached Call::reached() const {
    return report_.connected_before() ? Reached::Connected : Reached::NotConnected;
}

bool Call::over() const {
    return std::visit([](auto state) { return is_ended(state); }, state_);
}

void Call::end(EndReason reason) {
    end(telephony::terminate(reason, reached()));
}

void Call::end(const telephony::Termination& termination) {
    if (termination_) return;
    termination_ = termination;
    take(CallEvent::Ends);
}

void Call::settle() {
    if (settling_) return;
    settling_ = true;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
        const auto next = queue_[i];
        std::visit([this](auto event) { step_once(event); }, next);
    }
    queue_.clear();
    settling_ = false;
    tell_moves();
    arm_deadline();
    report_.publish();
}

void Call::step_once(CallEvent event) {
    std::visit(
        [&](auto state) {
            const auto* found = step(state, event);
            if (found == nullptr) return;
            state_ = found->next;
            for (Action action : found->actions) run(action);
        },
        state_);
}

void Call::run(Action action) {
    switch (action) {
        case Action::None:
            break;
        case Action::DialFirst:
            dial(first_);
            break;
        case Action::DialSecond:
            dial(second_);
            break;
        case Action::Guide:
            guide();
            break;
        case Action::PassRinging:
            pass_ringing();
            break;
        case Action::PassEarlyMedia:
            pass_early_media();
            break;
        case Action::Join:
            join();
            break;
        case Action::ReleaseLegs:
            release_legs();
            break;
        case Action::ReportInitiated:
            report_.status(ConversationStatus::Initiated);
            break;
        case Action::ReportRinging:
            report_.status(ConversationStatus::Ringing);
            break;
        case Action::ReportConnected:
            report_.status(ConversationStatus::Connected);
            break;
        case Action::ReportEnded:
            report_.ended(*termination_);
            break;
    }
}

/// The record is published before the BYE or the refusal that the end causes (flows.md, "Live state").
void Call::release_legs() {
    deadline_.cancel();
    target_deadline_.cancel();
    report_.ended(*termination_);
    report_.publish();
    for (CallSide* side : {&first_, &second_, &target_})
        for (CallLeg& leg : side->legs)
            if (leg.live()) release(leg, *side);
}

void Call::release(CallLeg& leg, CallSide& side) {
    const auto& facts = telephony::facts(termination_->reason);
    const int q850 = termination_->q850 != 0 ? termination_->q850 : facts.q850;
    if (leg.state != LegState::Arrived || side.plan.reach != Reach::Incoming)
        return dismiss(leg, {.q850 = q850}, *termination_);
    ports_.signaling.refuse(leg.id, {.status = facts.sip_status, .q850 = q850, .retry_after = {}});
    leg_gone(leg, *termination_);
}

/// The leg has no more part in the call. One whose connection stays goes to rest, any other is hung up.
void Call::dismiss(CallLeg& leg, const Release& release, const telephony::Termination& termination) {
    if (!ports_.connections->wants(leg)) {
        ports_.signaling.hang_up(leg.id, release);
        return leg_gone(leg, termination);
    }
    const bool untaken = leg.state != LegState::Answered;
    ports_.signaling.rest(leg.id, release);
    CallLeg resting;
    resting.id = std::exchange(leg.id, LegId{});  // what is left here is a record: its events are not this call's
    resting.transport = leg.transport;
    resting.codecs = leg.codecs;
    resting.negotiation = std::move(leg.negotiation);
    resting.signalled_from = leg.signalled_from;
    resting.contact = leg.contact;
    resting.joined = leg.joined;
    resting.path_up = true;
    retire(leg, termination);
    if (untaken)
        ports_.connections->leave_untaken(std::move(resting));
    else
        ports_.connections->rest(std::move(resting));
}

/// Signalling has let go of the leg: its media, its trunk session and its station follow.
void Call::leg_gone(CallLeg& leg, const telephony::Termination& termination) {
    if (!leg.live()) return;
    media_.close(leg);
    if (leg.kept) ports_.connections->dropped(leg.id);
    retire(leg, termination);
}

void Call::retire(CallLeg& leg, const telephony::Termination& termination) {
    leg.state = LegState::Gone;
    if (!leg.trunk.empty()) ports_.trunks.release(leg.trunk);
    if (!leg.station.empty()) ports_.phones.station_busy(leg.station, -1);
    leg.trunk = {};
    leg.station = {};
    report_.leg_ended(leg.record, termination);
}

void Call::on_cancelled(LegId id) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    end(EndReason::CallerHangup);
    leg_gone(*leg, *termination_);
}

void Call::on_ended(LegId id, const LegEnd& how) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    const EndReason reason = reason_of_end(how, side->party, calling(), reached());
    const auto termination = telephony::terminate(reason, reached(), 0, how.q850.value_or(0));
    const bool decides = !side->winner.valid() || side->winner == id;
    leg_gone(*leg, termination);
    if (decides) lost(*side, termination);
}

/// The phone hangs up and keeps its connection.
void Call::on_left(LegId id) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    if (leg->state != LegState::Answered)
        return phone_failed(
            *side, *leg,
            {.kind = LegFailure::Kind::Rejected, .status = kDeclined, .phrase = {}, .q850 = {}, .retry_after = {}});
    const auto termination = telephony::terminate(reason_of_end({}, side->party, calling(), reached()), reached());
    const bool decides = !side->winner.valid() || side->winner == id;
    dismiss(*leg, {}, termination);
    if (decides) lost(*side, termination);
}

void Call::arm_deadline() {
    if (over()) return deadline_.cancel();
    if (state_ == armed_for_ && deadline_.armed()) return;
    armed_for_ = state_;
    ports_.timers.arm(deadline_, ports_.clock.now() + time_limit());
}

Duration Call::time_limit() const {
    const auto& limits = ports_.limits;
    const auto ring = [&](const CallSide& side) { return ring_limit(side); };
    if (const auto* inbound = std::get_if<InboundState>(&state_)) {
        const bool led =
            *inbound == InboundState::Guided || *inbound == InboundState::Alerting || *inbound == InboundState::Ringing;
        if (journey_ && led) return std::max<Duration>(journey_->deadline() - ports_.clock.now(), Duration::zero());
        if (*inbound == InboundState::Connected) return limits.longest_call;
        return *inbound == InboundState::Bridging ? Duration(limits.media_path) : ring(second_);
    }
    switch (std::get<OutboundState>(state_)) {
        case OutboundState::AlertingFirst:
            return first_.plan.reach == Reach::Gateways ? Duration(limits.before_ringing) : ring(first_);
        case OutboundState::RingingFirst:
            return ring(first_);
        case OutboundState::Dialling:
            return second_.plan.reach == Reach::Gateways ? Duration(limits.before_ringing) : ring(second_);
        case OutboundState::Ringing:
        case OutboundState::EarlyMedia:
            return ring(second_);
        case OutboundState::Bridging:
            return limits.media_path;
        case OutboundState::Queued:
        case OutboundState::Connected:
        case OutboundState::Ended:
        case OutboundState::Count_:
            break;
    }
    return limits.longest_call;
}

Duration Call::ring_limit(const CallSide& side) const {
    return side.plan.reach == Reach::Gateways ? Duration(ports_.limits.remote_rings) : Duration(side.plan.rings);
}

void Call::on_deadline() {
    if (state_ == State(InboundState::Guided)) {
        follow(journey_->timed_out(now()));
    } else if (hunts_for_journey(second_)) {
        hunt_failed(telephony::terminate(EndReason::AgentNoAnswer, Reached::NotConnected));
    } else if (bridged_state()) {
        end(EndReason::MediaTimeout);
    } else if (reached() == Reached::Connected) {
        end(EndReason::DurationLimit);
    } else {
        const CallSide& waiting = first_.standing() != nullptr ? second_ : first_;
        const bool rings = state_ == State(OutboundState::Ringing) || state_ == State(OutboundState::EarlyMedia) ||
                           state_ == State(OutboundState::RingingFirst);
        if (waiting.plan.reach == Reach::Phones)
            end(EndReason::AgentNoAnswer);
        else
            end(rings ? EndReason::NoAnswer : EndReason::TrunkFailed);
    }
}

bool Call::bridged_state() const {
    return state_ == State(OutboundState::Bridging) || state_ == State(InboundState::Bridging);
}

CallSide* Call::side_of(LegId id) {
    for (CallSide* side : {&first_, &second_, &target_})
        if (side->find(id) != nullptr) return side;
    return nullptr;
}

CallLeg* Call::find(LegId id) {
    CallSide* side = side_of(id);
    return side == nullptr ? nullptr : side->find(id);
}

CallLeg* Call::partner_of(LegId id) {
    CallSide* side = side_of(id);
    CallSide* opposite = side == nullptr ? nullptr : talks_to(*side);
    CallLeg* partner = opposite == nullptr ? nullptr : opposite->standing();
    return partner != nullptr && partner->live() ? partner : nullptr;
}

}  // namespace dp::call
