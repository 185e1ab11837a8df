/// What the two parties hear of each other: ringing, early media, the bridge, holds and digits.

#include <algorithm>

#include "call/call.hpp"

namespace dp::call {

using telephony::EndReason;
using telephony::Reached;

namespace {

/// What came to pass since `before`.
MediaStatistics since(MediaStatistics now, const MediaStatistics& before) {
    now.packets_received -= before.packets_received;
    now.packets_lost -= std::min(now.packets_lost, before.packets_lost);  // a late packet is no longer lost
    now.packets_sampled -= before.packets_sampled;
    now.packets_silent -= before.packets_silent;
    return now;
}

}  // namespace

void Call::adopt_incoming(LegId id) {
    IncomingLeg& incoming = *setup_.incoming;
    std::string offer = std::move(incoming.sdp);
    const MediaTransport transport = transport_of_offer(offer);
    CallLeg& leg = add_leg(first_, id);
    leg.state = LegState::Arrived;
    leg.signalled_from = incoming.signalled_from;
    leg.late_offer = offer.empty();
    first_.winner = id;
    if (incoming.trunk) leg.trunk = incoming.trunk->id;
    if (incoming.phone) {
        first_.plan.user = incoming.phone->user;
        leg.station = incoming.phone->station;
        if (!leg.station.empty()) ports_.phones.station_busy(leg.station, 1);
    }
    begin_record(first_, leg, incoming.caller.user, incoming.phone ? incoming.phone->id : telephony::PhoneId{},
                 incoming.trunk ? incoming.trunk->id : telephony::TrunkId{});
    bypass_ = wants_bypass(transport);
    if (bypass_) {
        leg.peer_sdp = std::move(offer);
        return;
    }
    LegProfile profile =
        incoming.trunk ? profile_of_trunk(*setup_.config, *incoming.trunk, transport)
                       : profile_of_phone(*setup_.config, incoming.phone->id, transport, incoming.phone_settings.get());
    profile.family = family_of(incoming.signalled_from);
    if (profile.port == PortUse::Shared) profile.announced = address_in_offer(offer);
    if (!media_.open(leg, profile, LegId{}, ports_.random.next_u64() >> 2)) return end(EndReason::Overloaded);
    if (!leg.late_offer && !leg.negotiation->take_offer(offer)) end(EndReason::IncompatibleMedia);
}

/// 180 to a caller that waits for our answer; ringback to one that has answered and hears nothing yet.
void Call::pass_ringing() {
    CallLeg* first = first_.standing();
    if (first == nullptr) return;
    if (first->state == LegState::Arrived && !early_) {
        if (!std::exchange(rang_first_, true)) ports_.signaling.progress(first->id, Ringing::Plain, {});
    } else if (!first->joined && (!journey_ || !std::exchange(ringback_, true))) {
        media_.ringback(*first, setup_.country);
    }
}

void Call::pass_early_media() {
    CallLeg* first = first_.standing();
    CallLeg* second = nullptr;
    for (CallLeg& leg : second_.legs)
        if (leg.state == LegState::EarlyMedia) second = &leg;
    if (first == nullptr || second == nullptr) return;
    if (first->state != LegState::Arrived) return media_.join(*first, *second);
    const auto description = first->late_offer ? fail(ErrorCode::Conflict, "The caller has not offered yet.")
                                               : description_for_first(*first, *second);
    if (!description) return pass_ringing();
    media_.join(*first, *second);
    ports_.signaling.progress(first->id, Ringing::EarlyMedia, *description);
}

/// The answer to an incoming first leg, from what the second has agreed on; our offer where the INVITE had none.
Result<std::string> Call::description_for_first(CallLeg& first, const CallLeg& second) {
    if (!first.anchored()) return second.peer_sdp;
    const Codecs far = agreed_codecs(second);
    const Codecs order = answer_towards(first.codecs, far, media_.transcoder());
    if (first.late_offer) {
        first.negotiation->set_codecs(order);
        return first.negotiation->make_offer();
    }
    if (first.negotiation->has_pending_offer()) {
        first.negotiation->set_codecs(order);
        if (!far.empty()) first.negotiation->set_opus_profile(sdp::opus_profile_for(far.front()));
    }
    DP_TRY(answer, first.negotiation->make_answer());
    media_.apply(first);
    return answer;
}

void Call::join() {
    CallLeg* first = first_.standing();
    CallLeg* second = second_.standing();
    if (first == nullptr || second == nullptr) return;
    if (first->state == LegState::Arrived && !answer_first(*first, *second)) return end(EndReason::IncompatibleMedia);
    media_.join(*first, *second);
    check_paths();
}

bool Call::answer_first(CallLeg& first, const CallLeg& second) {
    const auto description = description_for_first(first, second);
    if (!description) return false;
    first.state = LegState::Answered;
    report_.leg_state(first.record, telephony::CommunicationState::Connected);
    note_codec(first);
    report_.publish();
    ports_.signaling.answer(first.id, *description);
    return true;
}

/// A description from the leg's peer: an answer, or the preview of one.
Result<void> Call::take_sdp(CallLeg& leg, const PeerSdp& sdp) {
    if (!sdp.empty()) leg.signalled_from = sdp.signalled_from;
    if (!leg.anchored()) {
        if (!sdp.empty()) leg.peer_sdp = sdp.text;
        return {};
    }
    if (sdp.empty())  // right after a reliable 1xx that carried the answer
        return leg.negotiation->audio() ? Result<void>{} : fail(ErrorCode::MalformedInput, "An answer without SDP.");
    DP_CHECK(leg.negotiation->take_answer(sdp.text));
    media_.apply(leg);
    return {};
}

void Call::note_codec(CallLeg& leg) {
    if (leg.anchored() && leg.negotiation->audio()) report_.leg_codec(leg.record, leg.negotiation->audio()->send.codec);
}

void Call::on_acknowledged(LegId id, const PeerSdp& sdp) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live() || sdp.empty()) return;
    CallLeg* partner = partner_of(id);
    if (!std::exchange(leg->late_offer, false)) return exchange_.answered(*leg, partner, sdp);
    if (!leg->anchored()) {
        if (partner != nullptr) ports_.signaling.answer_offer(partner->id, sdp.text);
        return;
    }
    if (!take_sdp(*leg, sdp)) return end(EndReason::IncompatibleMedia);
    note_codec(*leg);
    if (partner != nullptr) media_.join(*leg, *partner);
}

void Call::on_offer(LegId id, const PeerSdp& sdp) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    exchange_.offered(*leg, partner_of(id), sdp);
    report_flags(*leg);
    note_codec(*leg);
}

void Call::on_offer_answered(LegId id, const PeerSdp& sdp) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    if (leg->kept && leg->state != LegState::Answered) return on_kept_answered(*side_of(id), *leg, sdp);
    if (leg->move == Move::Told) leg->move = Move::None;
    exchange_.answered(*leg, partner_of(id), sdp);
}

void Call::on_offer_refused(LegId id, int status) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    if (leg->kept && leg->state != LegState::Answered) return on_kept_answered(*side_of(id), *leg, {});
    exchange_.refused(*leg, partner_of(id), status);
    // A peer that goes on sending to the address that was given up is heard by nobody.
    if (leg->move == Move::Told) lost(*side_of(id), telephony::terminate(EndReason::IncompatibleMedia, reached()));
}

std::string Call::current_sdp(LegId id) {
    const CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return {};
    if (leg->anchored()) return leg->negotiation->current();
    const CallLeg* partner = partner_of(id);
    return partner == nullptr ? std::string() : partner->peer_sdp;
}

void Call::on_media_digit(LegId id, char digit, std::chrono::milliseconds duration) {
    if (guides(id)) return follow(journey_->digit(digit, now()));
    const CallLeg* partner = partner_of(id);
    if (partner == nullptr || media_.has_telephone_event(*partner)) return;
    ports_.signaling.send_digit(partner->id, digit, duration);
}

void Call::on_digit(LegId id, char digit, std::chrono::milliseconds duration) {
    if (guides(id)) return follow(journey_->digit(digit, now()));
    CallLeg* partner = partner_of(id);
    if (partner == nullptr) return;
    if (!media_.send_digit(*partner, digit, duration)) ports_.signaling.send_digit(partner->id, digit, duration);
}

void Call::on_path_up(LegId id) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    leg->path_up = true;
    check_paths();
}

void Call::check_paths() {
    const auto stands = [](const CallLeg* leg) {
        return leg != nullptr && leg->state == LegState::Answered && (leg->path_up || !leg->anchored());
    };
    if (stands(first_.standing()) && stands(second_.standing())) take(CallEvent::PathsUp);
}

void Call::on_media_failed(LegId id, MediaFailure failure) {
    CallSide* side = side_of(id);
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live()) return;
    leg->path_up = false;  // nothing to be kept
    if (leg->kept && side->winner != id) return connection_lost(*side, *leg);
    if (side->winner == id) return lost(*side, telephony::terminate(reason_of_media(failure), reached()));
    if (!side->winner.valid() && side->live_legs() == 1 && leg->state != LegState::EarlyMedia)
        not_reached(*side, reason_of_media(failure));
}

/// Its carrier has announced an address that another call has: the leg is heard again once the carrier knows where we
/// are now.
void Call::on_media_moved(LegId id, const sdp::LocalMedia& local) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live() || !leg->anchored()) return;
    leg->negotiation->set_local_media(local);
    leg->move = Move::Due;
    report_.event(telephony::event_type::kConversationMediaWarning);
}

/// Inside a dialog that stands, and not while another offer of ours is out.
void Call::tell_moves() {
    for (CallSide* side : {&first_, &second_, &target_})
        for (CallLeg& leg : side->legs) {
            if (leg.move != Move::Due || leg.state != LegState::Answered || !leg.anchored()) continue;
            if (leg.late_offer || leg.negotiation->awaits_answer()) continue;
            leg.move = Move::Told;
            ports_.signaling.offer(leg.id, leg.negotiation->make_offer());
        }
}

void Call::on_media_timeout(LegId id) {
    CallSide* side = side_of(id);
    if (side == nullptr || side->winner != id) return;
    side->find(id)->path_up = false;  // such a connection is not worth keeping
    lost(*side, telephony::terminate(EndReason::MediaTimeout, reached()));
}

void Call::on_one_way(LegId id) {
    CallLeg* leg = find(id);
    if (leg == nullptr || !leg->live() || leg->held) return;
    leg->one_way = true;
    report_.silent(leg->record);
}

void Call::on_statistics(LegId id, const MediaStatistics& statistics) {
    CallLeg* leg = find(id);
    if (leg == nullptr || leg->station.empty() || leg->state != LegState::Answered) return;
    if (statistics.packets_received > leg->packets_heard) leg->one_way = false;
    leg->packets_heard = statistics.packets_received;
    if (leg->kept && !leg->before) leg->before = statistics;
    ports_.phones.media_observed(leg->station, report_.conversation().id,
                                 since(statistics, leg->before.value_or(MediaStatistics{})), leg->one_way);
}

}  // namespace dp::call
