#pragma once
/// @file FarEnd: a SIP user agent of its own on the simulated network: a desk phone, a browser or a carrier's gateway,
/// told how to behave by a script per called number.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "call/leg.hpp"
#include "call/negotiation.hpp"
#include "sip/header_values.hpp"
#include "sip/registration_client.hpp"
#include "sip/simulated_network.hpp"
#include "sip/user_agent.hpp"

namespace dp::sim {

/// What a called far end does. Times count from the INVITE.
struct Script {
    std::optional<Duration> ring = std::chrono::milliseconds(50);
    std::optional<Duration> early_media;
    std::optional<Duration> answer = std::chrono::milliseconds(500);
    int reject = 0;      ///< instead of answering, at the time of `answer`
    std::string reason;  ///< Reason header of the rejection
    std::optional<int> retry_after;
    bool silent = false;              ///< INVITEs get lost: nothing at all is answered
    std::optional<Duration> hang_up;  ///< after the answer
};

/// What a phone does with a call that it is alerted to inside a dialog (info package `dialplane-call`).
struct InsideScript {
    std::optional<Duration> accept = std::chrono::milliseconds(500);  ///< from the alert; none: it rings on
    int decline = 0;                                                  ///< instead, at that time
};

class FarEnd final : public sip::UserAgentHandler, public sip::InviteSessionHandler, public sip::RegistrationHandler {
public:
    struct Options {
        std::string user;
        call::MediaTransport media = call::MediaTransport::Rtp;
        sip::TransportKind transport = sip::TransportKind::Udp;
        std::vector<sdp::Codec> codecs = {sdp::Codec::Pcmu, sdp::Codec::Pcma};
        sip::SessionTimerPolicy session_timer{};
        bool accept_registrations = true;
        bool takes_calls_inside = false;  ///< says `Recv-Info` where the INVITE does
    };
    /// One call as this end sees it.
    struct Leg {
        sip::SessionId session;
        std::unique_ptr<call::Negotiation> audio;
        std::string called;
        std::string from;
        std::string asserted;
        std::string conversation;
        std::string call_info;
        int max_forwards = 0;
        bool answered = false;
        bool ended = false;
        int offers = 0;          ///< received inside the dialog
        std::string last_sdp;    ///< received last
        std::string early_sdp;   ///< caller: SDP of the last 18x
        std::string answer_sdp;  ///< caller: SDP of the 2xx
        int progress = 0;        ///< caller: last 1xx
        std::optional<sip::EndCause> end;
        int end_status = 0;
        std::string end_reason;  ///< Reason header of what ended it
        std::string digits;
        std::vector<std::string> notified;  ///< first lines of the sipfrags
        bool may_rest = false;              ///< the INVITE said `Recv-Info`
        int call = 0;                       ///< inside the dialog, the newest
        int alerts = 0;
        std::vector<std::string> releases;  ///< `CALL REASON` of each
    };

    FarEnd(sip::SimulatedNetwork& network, std::string_view address, Options options);
    ~FarEnd() override;

    sip::SimulatedNetwork::Node& node() const { return node_; }
    sip::UserAgent& agent() { return *agent_; }
    std::map<std::string, Script> scripts;  ///< by called user; "" is the rule for all others
    InsideScript inside;
    std::deque<Leg> legs;  ///< in the order in which they came
    int registrations_received = 0;
    int probes_received = 0;
    bool answers_probes = true;
    bool refuses_offers = false;  ///< inside a dialog

    /// REGISTER at `registrar` with digest.
    void register_at(const std::string& domain, const Endpoint& registrar, const std::string& password,
                     unsigned q_thousandths = 1000);
    bool registered() const { return registration_ && registration_->state() == sip::RegistrationState::Registered; }

    /// Dials `user` through `proxy`; credentials as for register_at.
    Leg& dial(const std::string& user, const std::string& domain, const Endpoint& proxy,
              const std::string& password = {}, bool with_offer = true);
    Leg& last() { return legs.back(); }
    void hang_up(Leg& leg);
    void hold(Leg& leg, sdp::Direction direction);
    void send_info(Leg& leg, const std::string& body);
    void refer(Leg& leg, const std::string& refer_to);
    /// INFO `dialplane-call`: accept, decline, leave.
    void say_inside(Leg& leg, const std::string& act, int call);
    void unregister() { registration_->stop(); }
    /// Its connection is gone: the same registration over a new one, within five seconds.
    void reconnect() { registration_->flow_lost(); }
    /// It knows nothing of its dialogs any more, and tells nobody.
    void forget();
    /// A page that was loaded again: registered, and without a memory of the dialogs it had.
    void reload(const std::string& domain, const Endpoint& registrar, const std::string& password);
    /// `Replaces` of that dialog, escaped for a URI, as the other end of it has to read it.
    std::string replaces(const Leg& leg);
    std::size_t answered_legs() const;
    std::size_t live_legs() const;

    sip::Screening screen(const sip::MessageView&, const sip::Flow&) override { return {}; }
    void on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow) override;
    void on_request(const sip::IncomingRequest& request) override;
    void on_session_progress(sip::InviteSession& session, const sip::Progress& progress) override;
    void on_session_answered(sip::InviteSession& session, const sip::Answered& answered) override;
    void on_session_confirmed(sip::InviteSession& session, sip::BodyView answer) override;
    void on_session_offered(sip::InviteSession& session, const sip::RemoteOffer& offer) override;
    void on_session_offer_answered(sip::InviteSession& session, sip::BodyView answer) override;
    void on_session_offer_withdrawn(sip::InviteSession&) override {}
    void on_session_offer_failed(sip::InviteSession&, sip::OfferFailure, int status) override {
        last_offer_failure = status;
    }
    void on_session_info(sip::InviteSession& session, const sip::MessageView& info) override;
    void on_session_referred(sip::InviteSession&, const sip::MessageView&, sip::ServerRequestId request) override;
    void on_session_notified(sip::InviteSession& session, const sip::MessageView& notify) override;
    sip::Body current_description(sip::InviteSession& session) override;
    void on_session_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
    void on_registration_finished(sip::RegistrationClient&, const sip::RegistrationReport&) override {}

    int last_offer_failure = 0;

private:
    sdp::LocalMedia local_media();
    std::unique_ptr<call::Negotiation> new_audio();
    Leg* find(sip::SessionId id);
    void at(Duration delay, std::function<void()> action);
    void answer(sip::SessionId id);
    void reject(sip::SessionId id, const Script& script);
    void play(sip::SessionId id, const Script& script);

    sip::SimulatedNetwork& network_;
    sip::SimulatedNetwork::Node& node_;
    Options options_;
    std::uint16_t next_port_ = 40'000;
    std::unique_ptr<sip::UserAgent> agent_;
    std::unique_ptr<sip::RegistrationClient> registration_;
    std::vector<std::unique_ptr<Timer>> timers_;
};

}  // namespace dp::sim
