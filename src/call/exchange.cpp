#include "call/exchange.hpp"

namespace dp::call {
namespace {

constexpr int kNotAcceptableHere = 488;
constexpr int kRequestPending = 491;

}  // namespace

void Exchange::offered(CallLeg& leg, CallLeg* other, const PeerSdp& sdp) {
    leg.signalled_from = sdp.signalled_from;
    if (leg.anchored()) {
        answer_here(leg, other, sdp);
        settle_hold(leg, other);
    } else if (other != nullptr) {
        cross(leg, *other, sdp);
    } else {
        signaling_.refuse_offer(leg.id, kRequestPending);
    }
}

void Exchange::answer_here(CallLeg& leg, const CallLeg* other, const PeerSdp& sdp) {
    Negotiation& negotiation = *leg.negotiation;
    if (sdp.empty()) {  // RFC 3261 §14.2: our full offer; the answer comes in the ACK
        negotiation.set_codecs(leg.codecs);
        signaling_.answer_offer(leg.id, negotiation.make_offer());
        return;
    }
    if (!negotiation.take_offer(sdp.text)) return signaling_.refuse_offer(leg.id, kNotAcceptableHere);
    if (negotiation.restarts_ice()) media_.restart_ice(leg);
    const Codecs far = other != nullptr ? agreed_codecs(*other) : Codecs{};
    negotiation.set_codecs(far.empty() ? leg.codecs : answer_towards(leg.codecs, far, media_.transcoder()));
    const auto answer = negotiation.make_answer();
    if (!answer) {
        negotiation.refuse_offer();
        return signaling_.refuse_offer(leg.id, kNotAcceptableHere);
    }
    media_.apply(leg);
    signaling_.answer_offer(leg.id, *answer);
}

/// The far party of a held leg stays `sendrecv` and hears silence: carriers end calls on missing RTP.
void Exchange::settle_hold(CallLeg& leg, CallLeg* other) {
    const auto& audio = leg.negotiation->audio();
    const bool held = audio && audio->held_by_peer;
    if (held == leg.held) return;
    leg.held = held;
    if (other != nullptr && leg.joined) media_.gate(leg, *other);
}

void Exchange::answered(CallLeg& leg, CallLeg* other, const PeerSdp& sdp) {
    if (leg.anchored()) {
        if (sdp.empty() || !leg.negotiation->take_answer(sdp.text)) return leg.negotiation->withdraw_offer();
        leg.signalled_from = sdp.signalled_from;
        media_.apply(leg);
        return settle_hold(leg, other);
    }
    if (other == nullptr || phase_ == Phase::Idle) return;
    phase_ = Phase::Idle;
    leg.peer_sdp = sdp.text;
    signaling_.answer_offer(other->id, sdp.text);
}

void Exchange::refused(CallLeg& leg, CallLeg* other, int status) {
    if (leg.anchored()) return leg.negotiation->withdraw_offer();
    if (other == nullptr || phase_ == Phase::Idle) return;
    phase_ = Phase::Idle;
    signaling_.refuse_offer(other->id, status == kRequestPending ? kRequestPending : kNotAcceptableHere);
}

void Exchange::cross(CallLeg& leg, CallLeg& other, const PeerSdp& sdp) {
    if (!sdp.empty()) leg.peer_sdp = sdp.text;
    if (phase_ == Phase::Asked && asker_ != leg.id) {  // the offer we asked this side for
        phase_ = Phase::AnswerDue;
        return signaling_.answer_offer(other.id, sdp.text);
    }
    if (phase_ != Phase::Idle) return signaling_.refuse_offer(leg.id, kRequestPending);
    phase_ = sdp.empty() ? Phase::Asked : Phase::Offered;
    asker_ = leg.id;
    signaling_.offer(other.id, sdp.text);
}

}  // namespace dp::call
