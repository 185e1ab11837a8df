#pragma once
/// @file Call: one call from its first moment to its one Termination: two sides, the state machine that drives them,
/// and the parts that do the work (negotiation and media wiring per leg, hunt, exchange, report).
///
/// An event enters by one function, becomes CallEvents of the state machine (outbound_fsm, inbound_fsm), whose actions
/// are carried out here; settle() afterwards arms the state's deadline and publishes what changed. Threads: control
/// shard. Lifetime: owned by the CallBook, destroyed after the turn in which over() became true; the ports outlive it.

#include <optional>
#include <string>
#include <variant>

#include "base/timer_wheel.hpp"
#include "call/call_leg.hpp"
#include "call/call_limits.hpp"
#include "call/end_reason.hpp"
#include "call/exchange.hpp"
#include "call/inbound_fsm.hpp"
#include "call/kept_connections.hpp"
#include "call/media_wiring.hpp"
#include "call/outbound_fsm.hpp"
#include "call/phone_directory.hpp"
#include "call/prompt_book.hpp"
#include "call/report.hpp"
#include "call/transfer_fsm.hpp"
#include "call/trunk_sessions.hpp"
#include "telephony/conversation/call_order.hpp"
#include "telephony/routing/journey.hpp"

namespace dp::call {

/// What every call works with.
struct CallPorts {
    LegSignaling& signaling;
    MediaEngine& media;
    ConversationSink& sink;
    PhoneDirectory& phones;
    TrunkSessions& trunks;
    PromptBook& prompts;
    telephony::QueueTurns& turns;
    TimerWheel& timers;
    const Clock& clock;
    Random& random;
    CallLimits limits;
    KeptConnections* connections = nullptr;  ///< set by the book, whose they are
};

/// The leg that called us.
struct IncomingLeg {
    std::string sdp;  ///< empty: late offer
    IpAddress signalled_from;
    std::uint8_t max_forwards = 70;  ///< as received
    CallerIdentity caller;
    telephony::Ptr<telephony::Phone> phone;                   ///< one of the two: who it is
    telephony::Ptr<telephony::BoundSettings> phone_settings;  ///< what that phone's session logged in with
    telephony::Ptr<telephony::Trunk> trunk;                   ///< holds one of its sessions already
};

/// Everything decided before the first message goes out.
struct CallSetup {
    enum class Kind : std::uint8_t { Outbound, Inbound } kind = Kind::Outbound;
    telephony::Ptr<telephony::Conversation> conversation;
    telephony::Ptr<telephony::OrganizationConfig> config;
    telephony::UserId agent;  ///< whose phones ring
    std::chrono::seconds agent_rings{30};
    AnswerMode answer_mode = AnswerMode::Person;
    telephony::DialOrder order = telephony::DialOrder::AgentFirst;
    std::vector<telephony::GatewayChoice> gateways;  ///< outbound: the router's plan
    CallerIdentity shown_to_remote;
    CallerIdentity shown_to_agent;
    std::string dialed;                             ///< outbound: what the gateway is asked for
    std::string country = "US";                     ///< ringback
    std::optional<telephony::JourneyPlan> journey;  ///< inbound: through flows and queues; none: straight to `agent`
    std::optional<IncomingLeg> incoming;            ///< placed by a phone, or inbound
};

class Call {
public:
    /// What runs when a deadline has passed; each must lead to the function named.
    struct WakeUps {
        Timer::Callback state;   ///< on_deadline()
        Timer::Callback target;  ///< on_target_deadline()
    };
    /// `first_leg` is the first of the ids that the book has reserved for this call: that of the incoming leg, if there
    /// is one.
    Call(const CallPorts& ports, CallSetup setup, LegId first_leg, WakeUps wake);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    void begin();
    void on_deadline();
    void on_target_deadline();

    /// What the API asks; `planner` is asked whom a transfer dials.
    Result<void> obey(const telephony::CallOrder& order, TransferPlanner& planner);
    /// REFER: the phone of this leg hands its partner over; told of the progress by LegSignaling::transfer_progress().
    Result<void> refer(LegId transferor, telephony::TransferTarget target, TransferPlanner& planner);
    /// REFER with Replaces (RFC 3891): the partner of `transferor` goes on with the far party of another call, whose
    /// own end this is.
    Result<LegId> take_over(LegId transferor, Call& other, LegId others);
    /// May this leg's phone ask for a transfer at this moment?
    bool may_transfer(LegId transferor);
    bool owns(LegId id) { return side_of(id) != nullptr; }
    /// The user whose phone this leg is; empty for a carrier's.
    telephony::UserId user_of(LegId id);
    /// The server ends it.
    void abort(telephony::EndReason reason) { end(reason); }

    // What signalling says of a leg.
    void on_progress(LegId id, int status, const PeerSdp& sdp);
    void on_answered(LegId id, const PeerSdp& sdp);
    void on_failed(LegId id, const LegFailure& failure);
    void on_accepted(LegId id);
    void on_left(LegId id);
    void on_cancelled(LegId id);
    void on_acknowledged(LegId id, const PeerSdp& sdp);
    void on_offer(LegId id, const PeerSdp& sdp);
    void on_offer_answered(LegId id, const PeerSdp& sdp);
    void on_offer_refused(LegId id, int status);
    std::string current_sdp(LegId id);
    void on_ended(LegId id, const LegEnd& end);
    /// From INFO: goes on as telephone-event, or as INFO where the other leg has none.
    void on_digit(LegId id, char digit, std::chrono::milliseconds duration);

    // What the media engine says.
    void on_path_up(LegId id);
    void on_media_failed(LegId id, MediaFailure failure);
    void on_media_timeout(LegId id);
    void on_media_moved(LegId id, const sdp::LocalMedia& local);
    void on_one_way(LegId id);
    void on_statistics(LegId id, const MediaStatistics& statistics);
    /// From telephone-event, which the engine has carried across already if the other leg has it too.
    void on_media_digit(LegId id, char digit, std::chrono::milliseconds duration);
    void on_media_played(LegId id, std::uint32_t ticket);

    /// Runs what the last entry has caused, arms the deadline, publishes. The book calls it after each of the above.
    void settle();
    bool over() const;
    const telephony::Conversation& conversation() const { return report_.conversation(); }
    const telephony::OrganizationId& organization() const { return setup_.config->id(); }

private:
    using State = std::variant<OutboundState, InboundState>;

    // call.cpp: machine, ends, deadlines
    void take(CallEvent event) { queue_.emplace_back(event); }
    void take(TransferEvent event) { queue_.emplace_back(event); }
    void run(Action action);
    void step_once(CallEvent event);
    DialPlan phones_plan() const;
    DialPlan gateways_plan();
    void end(telephony::EndReason reason);
    void end(const telephony::Termination& termination);
    void release_legs();
    void release(CallLeg& leg, CallSide& side);
    void leg_gone(CallLeg& leg, const telephony::Termination& termination);
    void dismiss(CallLeg& leg, const Release& release, const telephony::Termination& termination);
    void retire(CallLeg& leg, const telephony::Termination& termination);
    void arm_deadline();
    Duration time_limit() const;
    Duration ring_limit(const CallSide& side) const;
    telephony::Reached reached() const;
    bool bridged_state() const;

    // call_dial.cpp: who is called, in which order
    std::optional<LegId> next_leg();
    void dial(CallSide& side);
    void dial_phones(CallSide& side);
    bool dial_phone(CallSide& side, const PhoneContact& contact);
    bool alert_phone(CallSide& side, const PhoneContact& contact);
    bool invite_phone(CallSide& side, const PhoneContact& contact, std::optional<CommunicationRef> record);
    void invite_afresh(CallSide& side, CallLeg& dead, const LegFailure& failure);
    void occupy(CallLeg& leg, const PhoneContact& contact);
    void dial_gateway(CallSide& side);
    bool place_at_gateway(CallSide& side, const telephony::GatewayChoice& choice, GatewayId gateway);
    bool open_media(CallSide& side, CallLeg& leg, const LegProfile& profile, const Codecs& liked);
    void order_codecs(CallSide& side, CallLeg& leg, const Codecs& liked);
    Codecs planned_codecs(const CallSide& side);
    OutgoingLeg invite_for(const CallSide& side) const;
    std::string offer_of(CallLeg& leg) const;
    void open_kept(CallSide& side, CallLeg& leg);
    void on_kept_answered(CallSide& side, CallLeg& leg, const PeerSdp& sdp);
    void connection_lost(CallSide& side, CallLeg& leg);
    void phone_failed(CallSide& side, CallLeg& leg, const LegFailure& failure);
    void gateway_failed(CallSide& side, CallLeg& leg, const LegFailure& failure);
    void win(CallSide& side, CallLeg& leg);
    CallLeg& add_leg(CallSide& side, LegId id);
    void begin_record(CallSide& side, CallLeg& leg, std::string address, telephony::PhoneId phone,
                      telephony::TrunkId trunk);
    bool wants_bypass(MediaTransport caller) const;
    bool bypasses() const { return bypass_; }

    // call_media.cpp: what the two parties hear of each other
    void pass_ringing();
    void pass_early_media();
    void join();
    bool answer_first(CallLeg& first, const CallLeg& second);
    void adopt_incoming(LegId id);
    Result<std::string> description_for_first(CallLeg& first, const CallLeg& second);
    Result<void> take_sdp(CallLeg& leg, const PeerSdp& sdp);
    void check_paths();
    void tell_moves();
    void note_codec(CallLeg& leg);

    // call_orders.cpp: what the API asks
    Result<void> carry_out(const telephony::CallOrder& order, const telephony::EndCall&);
    Result<void> carry_out(const telephony::CallOrder& order, const telephony::LeaveCall&);
    Result<void> carry_out(const telephony::CallOrder& order, const telephony::SetParty& wanted);
    Result<void> carry_out(const telephony::CallOrder& order, const telephony::SendDigits& wanted);
    Result<void> carry_out(const telephony::CallOrder& order, const telephony::SpeakTo& wanted);
    Result<void> carry_out(const telephony::CallOrder& order, const telephony::CancelConsult&);
    Result<CallLeg*> leg_of(const telephony::CallOrder& order, Party otherwise);
    void report_flags(const CallLeg& leg);

    // call_transfer.cpp: handing a party over
    Result<void> may_be_transferred(const CallLeg& transferor);
    Result<void> start_transfer(CallLeg& transferor, telephony::TransferTarget target, bool consult,
                                TransferPlanner& planner);
    void step_once(TransferEvent event);
    void run(TransferAction action);
    void park();
    void hears_ringing(CallSide& listener);
    void talk(CallSide& a, CallSide& b, CallSide* waits);
    void replace(CallSide& leaver);
    void return_to_transferor();
    void drop_target(const telephony::Termination& termination);
    void hang_up_side(CallSide& side, const telephony::Termination& termination);
    void set_waiting(CallSide& side, bool waits);
    void forget_orders(CallSide& side);
    void adopt(CallSide given);
    void add_target_participant();
    void close_transfer(int sip_status);
    /// A party that was in the call is gone.
    void lost(CallSide& side, const telephony::Termination& termination);
    /// Nobody of this side could be reached.
    void not_reached(CallSide& side, telephony::EndReason reason);
    void not_reached(CallSide& side, const telephony::Termination& termination);
    CallSide give_away(CallSide& side);
    CallSide& transferor() { return transferor_is_first_ ? first_ : second_; }
    CallSide& object() { return transferor_is_first_ ? second_ : first_; }
    CallSide* talks_to(CallSide& side);

    // call_journey.cpp: the stage before and between hunts
    void guide();
    void hand_to_journey(CallSide& leaver, DialPlan plan);
    void follow(const telephony::JourneyMove& move);
    void offer_to(const telephony::UserId& user);
    bool hunts_for_journey(const CallSide& side) const;
    void hunt_failed(const telephony::Termination& termination);
    bool guides(LegId id) const;
    bool open_line(telephony::FlowAnswer answer);
    void speak(const telephony::JourneyMove& move);
    void note_steps();
    telephony::Journey::Now now() const { return {ports_.clock.now(), ports_.clock.wall()}; }

    CallSide* side_of(LegId id);
    CallLeg* find(LegId id);
    CallSide& agent_side() { return first_.party == Party::Agent ? first_ : second_; }
    CallSide& remote_side() { return first_.party == Party::Agent ? second_ : first_; }
    CallSide& other_side(const CallSide& side) {
        if (&side == &target_) return object();
        return &side == &first_ ? second_ : first_;
    }
    CallLeg* partner_of(LegId id);
    Calling calling() const { return setup_.kind == CallSetup::Kind::Outbound ? Calling::Agent : Calling::Remote; }

    const CallPorts& ports_;
    CallSetup setup_;
    State state_;
    CallSide first_, second_;
    CallSide target_;  ///< of a transfer, while one runs
    TransferState transfer_ = TransferState::None;
    bool transferor_is_first_ = true;
    telephony::Termination transfer_end_;  ///< what brought it to its end
    std::optional<LegId> referrer_;        ///< the phone that asked by REFER and is told how it goes
    LegId name_;                           ///< the first leg id reserved for it
    std::uint64_t next_leg_;               ///< value of the next leg id
    const std::uint64_t last_leg_;         ///< the book has reserved no more
    MediaWiring media_;
    Exchange exchange_;
    Report report_;
    Timer deadline_;
    Timer target_deadline_;
    State armed_for_;
    std::vector<std::variant<CallEvent, TransferEvent>> queue_;  ///< what the present entry has caused
    std::optional<telephony::Termination> termination_;
    std::optional<telephony::EndReason> phone_reason_;  ///< the most telling failure among the phones that rang
    bool rang_first_ = false;                           ///< 180 has gone to the incoming first leg
    bool settling_ = false;
    bool bypass_ = false;  ///< media goes between the ends

    PhoneAvailability availability_;
    std::optional<telephony::Journey> journey_;
    std::optional<telephony::EndReason> hunt_failure_;  ///< why nobody took the last offer, until the journey knows
    std::uint32_t announcement_ = 0;                    ///< ticket of what plays
    bool ringback_ = false;                             ///< is what the caller hears between prompts
    bool early_ = false;                                ///< the unanswered caller hears us (183 with SDP)
};

}  // namespace dp::call
