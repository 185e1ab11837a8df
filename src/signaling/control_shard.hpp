#pragma once
/// @file ControlShard: everything that one control thread owns: the SIP user agent, phone registrations, trunk clients
/// and calls.
///
/// Threads: the *façade* (start_call, command, configuration_changed, drain, active_calls) may be used from any thread:
/// it posts to the owner and never waits. Everything else, construction and destruction included, on the owner's thread
/// (or before it runs). What readers need is published in the live tables given here. Lifetime: every port outlives the
/// shard; stop() first, destroy when stopped() has been called. The same object runs in virtual time in tests/sim.

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/timer_wheel.hpp"
#include "call/call_limits.hpp"
#include "call/conversation_sink.hpp"
#include "call/leg_signaling.hpp"
#include "call/media_engine.hpp"
#include "call/prompt_book.hpp"
#include "signaling/connection_prober.hpp"
#include "signaling/flow_keeper.hpp"
#include "signaling/host_resolver.hpp"
#include "signaling/load_gauge.hpp"
#include "sip/user_agent.hpp"
#include "telephony/config/snapshot_hub.hpp"
#include "telephony/conversation/call_order.hpp"
#include "telephony/dialing/outbound_policy.hpp"
#include "telephony/live/station.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/trunks/trunk_check.hpp"

namespace dp::signaling {

struct ControlConfig {
    sip::UserAgentConfig user_agent;
    call::CallLimits calls;
    sip::SessionTimerPolicy session_timer;
    /// Trunks that are there at start register within this time, spread at random; later ones at once.
    std::chrono::milliseconds start_spread{5000};
};

struct ControlPorts {
    Executor& owner;
    TimerWheel& timers;
    const Clock& clock;
    Random& random;
    sip::SipTransport& transport;
    HostResolver& resolver;
    call::MediaEngine& media;
    call::PromptBook& prompts;
    call::ConversationSink& conversations;
    const telephony::SnapshotHub& snapshots;
    const telephony::Secrets& secrets;
    telephony::LiveStations& stations;
    telephony::LiveTrunks& trunks;
    FlowKeeper* flows = nullptr;         ///< none: no connection is closed for being idle
    ConnectionProber* prober = nullptr;  ///< none: a trunk's test has no connections of its own
    const LoadGauge* load = nullptr;     ///< none: nothing is ever refused for lag
};

/// A call that the API has accepted and stored as `queued`.
struct StartCall {
    telephony::Ptr<telephony::Conversation> conversation;
    telephony::OutboundCall call;
    /// Automatic: the agent's phone is asked to answer by itself (the phone's own settings may say so, too).
    call::AnswerMode answer_mode = call::AnswerMode::Person;
};

using CommandReply = std::move_only_function<void(Result<void>)>;
using CheckReply = std::move_only_function<void(Result<telephony::TrunkCheckReport>)>;

class ControlShard {
public:
    ControlShard(ControlConfig config, const ControlPorts& ports);
    ~ControlShard();
    ControlShard(const ControlShard&) = delete;
    ControlShard& operator=(const ControlShard&) = delete;

    // Any thread.
    /// False when the mailbox is full or the shard drains: nothing was started, the caller records `overloaded`.
    [[nodiscard]] bool start_call(StartCall call);
    /// The reply runs on `reply_on`: NotFound, InvalidValue, Conflict (the call's state does not permit it),
    /// Unavailable.
    /// Conversation records are published before it.
    void command(telephony::CallOrder order, Executor& reply_on, CommandReply reply);
    /// Tests a trunk, live or switched off, without touching its registration: one test of a trunk at a time
    /// (Conflict), 30 s at most.
    void check_trunk(telephony::Ptr<telephony::Trunk> trunk, Executor& reply_on, CheckReply reply);
    /// A newer snapshot is published: trunks and phones are compared with it at once.
    void configuration_changed();
    /// New calls, from wherever, get 503; running ones go on; trunks un-REGISTER when the last call has ended.
    void drain();
    std::size_t active_calls() const;

    // The owner's thread.
    /// Reads the snapshot and registers trunks.
    void start();
    /// Ends what still runs (`server_shutdown`), un-REGISTERs, then calls `stopped` from the loop, after 2 s at most.
    void stop(std::function<void()> stopped);

    /// What the transport received.
    void receive(std::span<char> message, const sip::Flow& flow);
    void flow_closed(const sip::Flow& flow);
    void datagram_refused(const Endpoint& remote, std::string_view quoted);

    /// Where the media engine sends its events.
    call::MediaEvents& media_events();
    sip::UserAgentStats signaling_stats() const;

private:
    class Impl;
    Executor& owner_;
    std::atomic<bool> draining_{false};
    std::unique_ptr<Impl> impl_;
};

}  // namespace dp::signaling
