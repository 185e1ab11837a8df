#pragma once
/// @file Exchange: offers and answers inside a running call (hold, resume, new codecs, ICE restart, session refresh
/// with SDP).
///
/// Anchored legs: an offer is answered here, from what the leg may use and the far leg has; it does not cross
/// (sip-stack 4.2). Bypassed legs: it crosses as an offer to the other side, whose answer, refusal or own offer
/// (offerless re-INVITE) crosses back; while one is on its way an offer from the other direction is glare: 491.
///
///     bypass phase   event                       next         does
///     Idle           offer from A                Offered      offer to B
///     Idle           offerless from A            Asked        ask B for its offer
///     Offered        B answers / refuses         Idle         answer / refuse A
///     Asked          B offers / refuses          AnswerDue    our answer to A carries B's offer / refuse A
///     AnswerDue      A answers (in the ACK)      Idle         answer B
///     any but Idle   offer from the other side   same         491
///
/// Threads: control shard.

#include "call/call_leg.hpp"
#include "call/leg_signaling.hpp"
#include "call/media_wiring.hpp"

namespace dp::call {

class Exchange {
public:
    Exchange(LegSignaling& signaling, MediaWiring& media) : signaling_(signaling), media_(media) {}

    /// `other` is null while the leg has no partner: an anchored leg is answered all the same.
    void offered(CallLeg& leg, CallLeg* other, const PeerSdp& sdp);
    /// The peer of `leg` answered an offer of ours, in a response or in an ACK.
    void answered(CallLeg& leg, CallLeg* other, const PeerSdp& sdp);
    void refused(CallLeg& leg, CallLeg* other, int status);

private:
    enum class Phase : std::uint8_t { Idle, Offered, Asked, AnswerDue };

    void answer_here(CallLeg& leg, const CallLeg* other, const PeerSdp& sdp);
    void settle_hold(CallLeg& leg, CallLeg* other);
    void cross(CallLeg& leg, CallLeg& other, const PeerSdp& sdp);

    LegSignaling& signaling_;
    MediaWiring& media_;
    Phase phase_ = Phase::Idle;
    LegId asker_;  ///< bypass: whose offer is on its way
};

}  // namespace dp::call
