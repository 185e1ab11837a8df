#pragma once
/// @file SipLegs: the call core's LegSignaling over sip::UserAgent: a leg is an INVITE session with a phone's flow or a
/// carrier's gateway. What a phone or a carrier is told is built here from typed fields; nothing crosses from one leg
/// to another but what LegSignaling carries (sip-stack 4.6).
///
/// Threads: control shard. Lifetime: agent, registrar, trunks and events outlive it.

#include <string>
#include <unordered_map>

#include "base/mailbox.hpp"
#include "call/leg_signaling.hpp"
#include "signaling/call_info.hpp"
#include "signaling/phone_registrar.hpp"
#include "signaling/trunks.hpp"
#include "sip/header_values.hpp"
#include "sip/user_agent.hpp"

namespace dp::signaling {

/// Decides on a REFER: answers it by accept_referral() or refuse_referral().
class ReferralHandler {
public:
    virtual ~ReferralHandler() = default;
    virtual void on_referred(call::LegId leg, const sip::MessageView& refer, sip::ServerRequestId request) = 0;
};

class SipLegs final : public call::LegSignaling, public sip::InviteSessionHandler {
public:
    struct Ports {
        sip::UserAgent& agent;
        PhoneRegistrar& phones;
        Trunks& trunks;
        Executor& later;  ///< what must not be raised inside a request is raised from here
        sip::SessionTimerPolicy session_timer;
    };
    explicit SipLegs(const Ports& ports);
    ~SipLegs() override;
    void set_events(call::LegEvents& events) { events_ = &events; }
    void set_referrals(ReferralHandler& referrals) { referrals_ = &referrals; }
    /// 202 and the first NOTIFY (RFC 3515 section 2.4.4); what follows comes by transfer_progress().
    void accept_referral(call::LegId leg, sip::ServerRequestId request);
    void refuse_referral(sip::ServerRequestId request, int status);
    /// The leg of the dialog that a Replaces names; invalid when there is none.
    call::LegId leg_of_dialog(const sip::Replaces& dialog);

    /// An incoming session becomes a leg of a call.
    void adopt(call::LegId leg, sip::InviteSession& session);
    std::size_t size() const { return legs_.size(); }

    void place(call::LegId leg, call::OutgoingLeg invite) override;
    void alert(call::LegId leg, call::OutgoingLeg invite) override;
    void rest(call::LegId leg, const call::Release& release) override;
    bool can_rest(call::LegId leg) const override { return inside_.contains(leg); }
    void progress(call::LegId leg, call::Ringing ringing, std::string_view sdp) override;
    void answer(call::LegId leg, std::string_view sdp) override;
    void refuse(call::LegId leg, const call::Refusal& refusal) override;
    void hang_up(call::LegId leg, const call::Release& release) override;
    void offer(call::LegId leg, std::string_view sdp) override;
    void answer_offer(call::LegId leg, std::string_view sdp) override;
    void refuse_offer(call::LegId leg, int status) override;
    void send_digit(call::LegId leg, char digit, std::chrono::milliseconds duration) override;
    void transfer_progress(call::LegId leg, int status) override;

    void on_session_progress(sip::InviteSession& session, const sip::Progress& progress) override;
    void on_session_answered(sip::InviteSession& session, const sip::Answered& answered) override;
    void on_session_confirmed(sip::InviteSession& session, sip::BodyView answer) override;
    void on_session_offered(sip::InviteSession& session, const sip::RemoteOffer& offer) override;
    void on_session_offer_answered(sip::InviteSession& session, sip::BodyView answer) override;
    void on_session_offer_withdrawn(sip::InviteSession& session) override;
    void on_session_offer_failed(sip::InviteSession& session, sip::OfferFailure failure, int status) override;
    void on_session_info(sip::InviteSession& session, const sip::MessageView& info) override;
    void on_session_info_answered(sip::InviteSession& session, sip::InfoId info, int status) override;
    void on_session_referred(sip::InviteSession& session, const sip::MessageView& refer,
                             sip::ServerRequestId request) override;
    void on_session_notified(sip::InviteSession& session, const sip::MessageView& notify) override;
    sip::Body current_description(sip::InviteSession& session) override;
    void on_session_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;

private:
    /// The calls inside one dialog whose phone takes them there.
    struct Inside {
        enum class Phase : std::uint8_t { Free, Alerting, InCall } phase = Phase::InCall;
        std::uint32_t call = 0;  ///< the newest; 0: the one of the INVITE
        sip::InfoId alert;
    };

    void note_abilities(call::LegId leg, const sip::Answered& answered);
    void take_call_info(call::LegId leg, const CallInfo& said);
    void release_inside(sip::InviteSession& session, std::uint32_t call, const call::Release& release);
    bool alerts(call::LegId leg) const;
    void alert_failed(call::LegId leg);

    Result<sip::InviteRequest> invite_phone(call::ContactId contact, const call::OutgoingLeg& invite) const;
    Result<sip::InviteRequest> invite_gateway(call::GatewayId gateway, const call::OutgoingLeg& invite);
    void place_failed(call::LegId leg);
    sip::InviteSession* session_of(call::LegId leg);
    call::LegId leg_of(const sip::InviteSession& session) const;
    /// The leg's events are not wanted any more; the session goes on alone until it is over.
    void let_go(call::LegId leg);
    call::PeerSdp sdp_of(const sip::InviteSession& session, sip::BodyView body) const;

    Ports ports_;
    call::LegEvents* events_ = nullptr;
    ReferralHandler* referrals_ = nullptr;
    std::unordered_map<call::LegId, sip::SessionId> legs_;
    std::unordered_map<sip::SessionId, call::LegId> sessions_;
    std::unordered_map<call::LegId, Inside> inside_;
};

}  // namespace dp::signaling
