/// Who is called, in which order, and what a failed attempt leads to.

#include <algorithm>

#include "call/call.hpp"

namespace dp::call {

using telephony::CommunicationState;
using telephony::EndReason;
using telephony::Reached;

namespace {
constexpr int kSessionProgress = 183;
}  // namespace

void Call::dial(CallSide& side) {
    if (side.plan.reach == Reach::Gateways)
        dial_gateway(side);
    else
        dial_phones(side);
}

CallLeg& Call::add_leg(CallSide& side, LegId id) {
    CallLeg& leg = side.legs.emplace_back();
    leg.id = id;
    return leg;
}

/// None when all are used up: a queue may ring its members for hours.
std::optional<LegId> Call::next_leg() {
    if (next_leg_ > last_leg_) return std::nullopt;
    return LegId(next_leg_++);
}

void Call::dial_phones(CallSide& side) {
    const auto contacts = ports_.phones.contacts_of(setup_.config->id(), side.plan.user);
    if (contacts.empty()) return not_reached(side, EndReason::AgentUnreachable);
    bool placed = false;
    for (const PhoneContact& contact : contacts) placed = dial_phone(side, contact) || placed;
    if (!placed) not_reached(side, EndReason::Overloaded);
}

bool Call::dial_phone(CallSide& side, const PhoneContact& contact) {
    return alert_phone(side, contact) || invite_phone(side, contact, std::nullopt);
}

/// Inside the contact's connection, if one is at rest. False: an INVITE is needed.
bool Call::alert_phone(CallSide& side, const PhoneContact& contact) {
    if (bypasses()) return false;
    auto kept = ports_.connections->borrow(contact.id, name_);
    if (!kept) return false;
    CallLeg& leg = side.legs.emplace_back(std::move(*kept));
    leg.kept = true;
    leg.one_way = false;
    leg.before.reset();
    leg.state = LegState::Placed;
    occupy(leg, contact);
    begin_record(side, leg, side.plan.address, contact.phone, {});
    OutgoingLeg invite = invite_for(side);
    invite.target = contact.id;
    if (profile_of_phone(*setup_.config, contact.phone, contact.media, contact.settings.get()).answer_mode ==
        AnswerMode::Automatic)
        invite.answer_mode = AnswerMode::Automatic;
    ports_.signaling.alert(leg.id, std::move(invite));
    open_kept(side, leg);
    return true;
}

/// Without `record` the attempt gets one of its own.
bool Call::invite_phone(CallSide& side, const PhoneContact& contact, std::optional<CommunicationRef> record) {
    const auto id = next_leg();
    if (!id) return false;
    LegProfile profile = profile_of_phone(*setup_.config, contact.phone, contact.media, contact.settings.get());
    profile.family = contact.family;
    CallLeg& leg = add_leg(side, *id);
    if (!open_media(side, leg, profile, planned_codecs(side))) return false;
    occupy(leg, contact);
    if (record)
        leg.record = *record;
    else
        begin_record(side, leg, side.plan.address, contact.phone, {});
    OutgoingLeg invite = invite_for(side);
    invite.sdp = offer_of(leg);
    invite.target = contact.id;
    invite.may_rest =
        contact.media == MediaTransport::Webrtc && ports_.phones.keeps_connection(contact.id) > Duration::zero();
    if (profile.answer_mode == AnswerMode::Automatic) invite.answer_mode = AnswerMode::Automatic;
    ports_.signaling.place(leg.id, std::move(invite));
    return true;
}

void Call::occupy(CallLeg& leg, const PhoneContact& contact) {
    leg.contact = contact.id;
    leg.station = contact.station;
    if (!leg.station.empty()) ports_.phones.station_busy(leg.station, 1);
}

/// The connection that the phone was alerted in is dead: an INVITE tries the same contact, under the same record.
void Call::invite_afresh(CallSide& side, CallLeg& dead, const LegFailure& failure) {
    const CommunicationRef record = dead.record;
    const auto contacts = ports_.phones.contacts_of(setup_.config->id(), side.plan.user);
    const auto contact = std::ranges::find(contacts, dead.contact, &PhoneContact::id);
    media_.close(dead);
    ports_.connections->dropped(dead.id);
    dead.kept = false;
    if (!dead.station.empty()) ports_.phones.station_busy(std::exchange(dead.station, {}), -1);
    if (contact == contacts.end()) return phone_failed(side, dead, failure);
    dead.state = LegState::Gone;
    if (!invite_phone(side, *contact, record) && side.live_legs() == 0) not_reached(side, EndReason::Overloaded);
}

void Call::dial_gateway(CallSide& side) {
    Hunt& hunt = side.plan.hunt;
    while (const telephony::GatewayChoice* choice = hunt.current()) {
        const GatewayId gateway = ports_.trunks.gateway(choice->trunk->id, choice->gateway);
        if (!gateway.valid()) {
            hunt.skip_gateway();
        } else if (bypasses() && choice->trunk->media_encryption == telephony::MediaEncryption::Required) {
            hunt.skip_trunk();  // nobody would encrypt
        } else if (!ports_.trunks.acquire(choice->trunk->id)) {
            hunt.skip_trunk();
        } else {
            if (!place_at_gateway(side, *choice, gateway)) not_reached(side, EndReason::Overloaded);
            return;
        }
    }
    not_reached(side, hunt.last_word());
}

bool Call::place_at_gateway(CallSide& side, const telephony::GatewayChoice& choice, GatewayId gateway) {
    const auto id = next_leg();
    if (!id) {
        ports_.trunks.release(choice.trunk->id);
        return false;
    }
    CallLeg& leg = add_leg(side, *id);
    leg.trunk = choice.trunk->id;
    leg.gateway = gateway;
    LegProfile profile = profile_of_gateway(choice);
    profile.family = ports_.trunks.family(gateway);
    if (side.plan.hunt.wants_fewest_codecs()) profile.codecs = fewest_of(profile.codecs);
    if (!open_media(side, leg, profile, {})) {
        ports_.trunks.release(leg.trunk);
        return false;
    }
    begin_record(side, leg, side.plan.address, {}, choice.trunk->id);
    OutgoingLeg invite = invite_for(side);
    invite.sdp = offer_of(leg);
    invite.target = gateway;
    if (side.plan.hunt.has_more()) invite.silence_limit = ports_.limits.silent_gateway;
    ports_.signaling.place(leg.id, std::move(invite));
    return true;
}

/// Opens the media leg and puts its codecs in order: what the other side has agreed on, or wants, comes first. Where
/// there is no other side yet, the phone's own order stands, what is in `liked` first. On failure the leg is gone.
bool Call::open_media(CallSide& side, CallLeg& leg, const LegProfile& profile, const Codecs& liked) {
    const CallLeg* other = other_side(side).standing();
    if (bypasses()) return true;
    if (!media_.open(leg, profile, other != nullptr ? other->id : LegId{}, ports_.random.next_u64() >> 2)) {
        leg.state = LegState::Gone;
        return false;
    }
    order_codecs(side, leg, liked);
    return true;
}

void Call::order_codecs(CallSide& side, CallLeg& leg, const Codecs& liked) {
    const CallLeg* other = other_side(side).standing();
    const Codecs agreed = other != nullptr ? agreed_codecs(*other) : Codecs{};
    leg.negotiation->set_codecs(agreed.empty() ? favouring(leg.codecs, liked)
                                               : offer_towards(leg.codecs, agreed, media_.transcoder()));
}

/// Those of the trunk that the other side is dialled by.
Codecs Call::planned_codecs(const CallSide& side) {
    const telephony::GatewayChoice* planned = other_side(side).plan.hunt.current();
    return planned != nullptr ? to_sdp(planned->codecs) : Codecs{};
}

std::string Call::offer_of(CallLeg& leg) const {
    return leg.anchored() ? leg.negotiation->make_offer() : first_.legs.front().peer_sdp;
}

OutgoingLeg Call::invite_for(const CallSide& side) const {
    OutgoingLeg invite;
    const bool to_agent = side.party == Party::Agent;
    invite.from = side.plan.shown;
    invite.called = side.plan.dialed.empty() ? setup_.dialed : side.plan.dialed;
    if (to_agent) {
        invite.conversation = report_.conversation().id.str();
        if (&side != &target_) invite.answer_mode = setup_.answer_mode;
    }
    if (setup_.incoming) invite.max_forwards = static_cast<std::uint8_t>(setup_.incoming->max_forwards - 1);
    return invite;
}

void Call::begin_record(CallSide& side, CallLeg& leg, std::string address, telephony::PhoneId phone,
                        telephony::TrunkId trunk) {
    NewCommunication record;
    record.party = side.party;
    record.participant = side.participant;
    record.state = side.plan.reach == Reach::Gateways ? CommunicationState::Dialing : CommunicationState::Alerting;
    record.direction =
        side.plan.reach == Reach::Incoming ? telephony::Direction::Inbound : telephony::Direction::Outbound;
    record.address = std::move(address);
    record.phone = std::move(phone);
    record.trunk = std::move(trunk);
    leg.record = report_.begin_leg(record);
}

/// Media stays between the ends only where the trunk's policy says so and neither end needs ICE, DTLS or SRTP from us.
bool Call::wants_bypass(MediaTransport caller) const {
    if (journey_) return false;  // prompts and ringback are ours
    const telephony::Trunk* trunk = setup_.incoming->trunk.get();
    const auto* planned = second_.plan.hunt.current();
    if (trunk == nullptr && planned != nullptr) trunk = planned->trunk.get();
    if (trunk == nullptr || trunk->media != telephony::MediaPolicy::Bypass || caller == MediaTransport::Webrtc)
        return false;
    const auto encrypts = [](const telephony::GatewayChoice& choice) {
        return choice.trunk->media_encryption != telephony::MediaEncryption::None;
    };
    if (std::ranges::any_of(second_.plan.hunt.plan(), encrypts)) return false;
    if (setup_.kind == CallSetup::Kind::Outbound) return true;
    return std::ranges::none_of(ports_.phones.contacts_of(setup_.config->id(), setup_.agent),
                                [](const PhoneContact& contact) { return contact.media == MediaTransport::Webrtc; });
}

void Call::on_progress(LegId id, int status, const PeerSdp& sdp) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live() || leg->state == LegState::Answered || side->winner.valid() || status == 100)
        return;
    const bool gateway = side->plan.reach == Reach::Gateways;
    const bool previews = gateway || leg->transport == MediaTransport::Webrtc;
    const bool described = !sdp.empty() && previews && take_sdp(*leg, sdp).has_value();
    // A browser makes its media path first and rings then (RFC 8839 section 6.1.1): its 180 follows.
    if (described && !gateway && status == kSessionProgress) return;
    const bool early = described && gateway;
    if (leg->state == LegState::Placed) leg->state = LegState::Ringing;
    if (early) leg->state = LegState::EarlyMedia;
    report_.leg_state(leg->record, side->plan.reach == Reach::Gateways ? CommunicationState::Contacting
                                                                       : CommunicationState::Alerting);
    if (side == &target_) return take(TransferEvent::TargetRings);
    if (side == &first_) return take(CallEvent::FirstRings);
    take(early ? CallEvent::SecondEarlyMedia : CallEvent::SecondRings);
}

void Call::on_answered(LegId id, const PeerSdp& sdp) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    if (side->winner.valid())  // two phones answered at once
        return dismiss(*leg, {.q850 = 26, .answered_elsewhere = true},
                       telephony::terminate(EndReason::Cancelled, Reached::NotConnected));
    if (!take_sdp(*leg, sdp)) {
        ports_.signaling.hang_up(id, {.q850 = 65});
        const LegFailure incompatible{
            .kind = LegFailure::Kind::Rejected, .status = 488, .phrase = {}, .q850 = {}, .retry_after = {}};
        return on_failed(id, incompatible);
    }
    win(*side, *leg);
    if (side == &target_) return take(TransferEvent::TargetAnswers);
    take(side == &first_ ? CallEvent::FirstAnswers : CallEvent::SecondAnswers);
}

/// The first answer wins; the other phones stop ringing without a missed call (RFC 3326 `cause=200`).
void Call::win(CallSide& side, CallLeg& leg) {
    side.winner = leg.id;
    leg.state = LegState::Answered;
    report_.leg_state(leg.record, CommunicationState::Connected);
    note_codec(leg);
    if (leg.gateway.valid()) ports_.trunks.saw(leg.gateway, GatewaySight::Answered);
    if (!leg.trunk.empty())
        ports_.trunks.answered(leg.trunk, telephony::Direction::Outbound);
    else if (setup_.incoming && setup_.incoming->trunk)
        ports_.trunks.answered(setup_.incoming->trunk->id, telephony::Direction::Inbound);
    if (journey_ && side.party == Party::Agent) {
        journey_->taken(now());
        note_steps();
    }
    for (CallLeg& loser : side.legs) {
        if (loser.id == leg.id || !loser.live()) continue;
        dismiss(loser, {.q850 = 26, .answered_elsewhere = true},
                telephony::terminate(EndReason::Cancelled, Reached::NotConnected));
    }
}

/// The phone takes what it was alerted to inside its connection: it has won once its media is open.
void Call::on_accepted(LegId id) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || (leg->state != LegState::Placed && leg->state != LegState::Ringing) || !leg->kept) return;
    if (side->winner.valid())
        return dismiss(*leg, {.q850 = 26, .answered_elsewhere = true},
                       telephony::terminate(EndReason::Cancelled, Reached::NotConnected));
    leg->state = LegState::Taken;
    if (leg->opening == Opening::Open) on_answered(id, {});
}

/// Asks the phone for its media while it rings: what is left for the moment of acceptance is to join. Nobody is joined
/// to it before, and the phone keeps its microphone to itself.
void Call::open_kept(CallSide& side, CallLeg& leg) {
    if (leg.negotiation->awaits_answer()) return;  // `inactive` is on its way: on_kept_answered()
    leg.opening = Opening::Asked;
    leg.negotiation->set_direction(sdp::Direction::SendRecv);
    order_codecs(side, leg, planned_codecs(side));
    ports_.signaling.offer(leg.id, leg.negotiation->make_offer());
}

/// An offer of ours to a kept leg that has not answered the call yet. An empty `sdp`: it was refused.
void Call::on_kept_answered(CallSide& side, CallLeg& leg, const PeerSdp& sdp) {
    const bool agreed = !sdp.empty() && take_sdp(leg, sdp).has_value();
    if (!agreed) leg.negotiation->withdraw_offer();
    if (leg.opening == Opening::Closed) return open_kept(side, leg);  // that was `inactive`
    if (!agreed) return connection_lost(side, leg);
    leg.opening = Opening::Open;
    if (leg.state == LegState::Taken) on_answered(leg.id, {});
}

/// A kept leg that rings cannot be used any more: an INVITE takes its place.
void Call::connection_lost(CallSide& side, CallLeg& leg) {
    LegFailure failure;
    failure.kind = LegFailure::Kind::Transport;
    ports_.signaling.hang_up(leg.id, {});
    leg.path_up = false;
    phone_failed(side, leg, failure);
}

void Call::on_failed(LegId id, const LegFailure& failure) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    if (side->plan.reach == Reach::Gateways)
        gateway_failed(*side, *leg, failure);
    else
        phone_failed(*side, *leg, failure);
}

void Call::phone_failed(CallSide& side, CallLeg& leg, const LegFailure& failure) {
    if (leg.kept && failure.kind != LegFailure::Kind::Rejected) return invite_afresh(side, leg, failure);
    const EndReason reason = reason_of_phone_failure(failure, calling());
    const auto termination =
        telephony::terminate(reason, Reached::NotConnected, failure.status, failure.q850.value_or(0));
    if (leg.kept)
        dismiss(leg, {}, termination);  // declined: the connection stands
    else
        leg_gone(leg, termination);
    if (side.winner.valid()) return;
    phone_reason_ = phone_reason_ ? worse_of(*phone_reason_, reason) : reason;
    if (side.live_legs() == 0 || speaks_for_all(failure))
        not_reached(side, telephony::terminate(*phone_reason_, Reached::NotConnected, failure.status,
                                               failure.q850.value_or(0)));
}

void Call::gateway_failed(CallSide& side, CallLeg& leg, const LegFailure& failure) {
    const AttemptProgress progress{.rang = leg.state == LegState::Ringing || leg.state == LegState::EarlyMedia,
                                   .early_media = leg.state == LegState::EarlyMedia};
    if (failure.kind == LegFailure::Kind::NoResponse || failure.kind == LegFailure::Kind::Transport)
        ports_.trunks.saw(leg.gateway, GatewaySight::TimedOut);
    if (failure.status == 503 && failure.retry_after) ports_.trunks.hold_down(leg.gateway, *failure.retry_after);
    const bool again = side.plan.hunt.failed(failure, progress);
    const bool said = failure.kind == LegFailure::Kind::Rejected;
    leg_gone(leg, telephony::terminate(said ? telephony::reason_of_final(failure.status, failure.q850.value_or(0))
                                            : EndReason::TrunkFailed,
                                       Reached::NotConnected, failure.status, failure.q850.value_or(0)));
    if (side.winner.valid()) return;
    if (again)
        dial_gateway(side);
    else
        not_reached(side, side.plan.hunt.last_word());
}

}  // namespace dp::call
