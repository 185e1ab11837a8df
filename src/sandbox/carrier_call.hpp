#pragma once
/// @file CarrierCall: one call that reached the sandbox carrier, played by its script: ring, early media, refuse or
/// answer, speak, echo, hold, hang up. Also the carrier's own calls out (call-back).
///
/// Threads: the sandbox's loop. Owned by the book of calls that is told when it is over.

#include <functional>
#include <memory>
#include <string>

#include "base/timer_wheel.hpp"
#include "sandbox/audio_line.hpp"
#include "sandbox/magic_numbers.hpp"
#include "sandbox/voice.hpp"
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"

namespace dp::sandbox {

/// What calls share.
struct CallContext {
    net::EventLoop& loop;
    Random& random;
    Voice& voice;
    IpAddress media_address;
};

class CarrierCall final : public sip::InviteSessionHandler {
public:
    /// `over` runs once; it may destroy the call (from the loop, not from inside a callback).
    CarrierCall(const CallContext& context, const Script& script, std::function<void(CarrierCall&)> over);
    ~CarrierCall() override;

    /// Callee: begins the script for this INVITE.
    void begin(sip::InviteSession& session, std::string_view offer);
    /// Caller: the offer for an INVITE of our own; the session is attached when it was placed.
    Result<std::string> make_offer();
    void attach(sip::InviteSession* session) { session_ = session; }
    void hang_up();

    void on_session_progress(sip::InviteSession&, const sip::Progress&) override {}
    void on_session_answered(sip::InviteSession& session, const sip::Answered& answered) override;
    void on_session_confirmed(sip::InviteSession&, sip::BodyView) override {}
    void on_session_offered(sip::InviteSession& session, const sip::RemoteOffer& offer) override;
    void on_session_offer_answered(sip::InviteSession&, sip::BodyView answer) override;
    void on_session_offer_withdrawn(sip::InviteSession&) override {}
    void on_session_offer_failed(sip::InviteSession&, sip::OfferFailure, int) override {}
    void on_session_info(sip::InviteSession&, const sip::MessageView& info) override;
    void on_session_referred(sip::InviteSession&, const sip::MessageView&, sip::ServerRequestId) override {}
    void on_session_notified(sip::InviteSession&, const sip::MessageView&) override {}
    void on_session_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;

private:
    sdp::Capabilities capabilities() const;
    sdp::Capabilities capabilities_for(const sdp::SessionDescription& offer) const;
    Result<void> open_line();
    Result<std::string> answer_to(std::string_view offer);
    void outcome();
    void answer();
    void refuse(int status, int q850);
    void sound();
    void hear(char digit);
    void set_hold(sdp::Direction direction);
    void after(Timer& timer, std::chrono::milliseconds delay, Timer::Callback then);

    CallContext context_;
    const Script& script_;
    std::function<void(CarrierCall&)> over_;
    sip::InviteSession* session_ = nullptr;
    std::unique_ptr<AudioLine> line_;
    std::string offer_;
    sdp::SessionDescription local_;
    sdp::SessionDescription remote_;
    bool described_ = false;
    sdp::NegotiatedAudio audio_;
    sdp::Direction direction_ = sdp::Direction::SendRecv;
    std::string digits_;
    Timer stage_;
    Timer end_;
    Timer hold_;
    Timer mute_;
};

}  // namespace dp::sandbox
