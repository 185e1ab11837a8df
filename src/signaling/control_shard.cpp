#include "signaling/control_shard.hpp"

#include <unordered_map>

#include "call/call_book.hpp"
#include "signaling/inbound_screen.hpp"
#include "signaling/late_answers.hpp"
#include "signaling/phone_registrar.hpp"
#include "signaling/queue_rotation.hpp"
#include "signaling/sip_legs.hpp"
#include "signaling/switchboard.hpp"
#include "signaling/trunk_check.hpp"
#include "signaling/trunks.hpp"

namespace dp::signaling {
namespace {

constexpr std::chrono::milliseconds kStopPoll{50};
constexpr std::chrono::seconds kStopLimit{2};
constexpr std::chrono::seconds kDrainRetryAfter{10};

}  // namespace

/// Everything in the order in which it needs each other; destroyed in reverse.
class ControlShard::Impl final : public sip::UserAgentHandler {
public:
    Impl(const ControlConfig& config, const ControlPorts& ports)
        : ports_(ports),
          agent_({ports.timers, ports.clock, ports.random, ports.transport}, config.user_agent, *this),
          trunk_ports_{{ports.timers, ports.clock, ports.random, ports.transport},
                       agent_,
                       ports.resolver,
                       ports.conversations,
                       ports.secrets,
                       ports.trunks},
          phones_({ports.timers, ports.clock, ports.random, ports.conversations, ports.snapshots, ports.secrets,
                   ports.stations, ports.flows,
                   [this](const sip::Flow& from, const sip::Flow& to) { agent_.flow_replaced(from, to); },
                   [this](call::ContactId contact) { book_.connections().contact_gone(contact); }}),
          trunks_(trunk_ports_, ports.snapshots, config.start_spread),
          legs_({agent_, phones_, trunks_, ports.owner, config.session_timer}),
          turns_(ports.snapshots),
          book_({legs_, ports.media, ports.conversations, phones_, trunks_, ports.prompts, turns_, ports.timers,
                 ports.clock, ports.random, config.calls}),
          screen_(phones_, trunks_, ports.clock, ports.random, ports.load),
          switchboard_(
              {book_, legs_, trunks_, phones_, ports.conversations, ports.snapshots, ports.clock, ports.random}),
          poll_([this] { poll(); }) {
        legs_.set_events(book_);
        legs_.set_referrals(switchboard_);
    }

    sip::Screening screen(const sip::MessageView& request, const sip::Flow& flow) override {
        return screen_.screen(request, flow);
    }
    void on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow) override;
    void on_request(const sip::IncomingRequest& request) override;

    void configuration_changed() {
        trunks_.configuration_changed();
        phones_.configuration_changed();
        prepare_prompts();
    }
    void flow_closed(const sip::Flow& flow) {
        agent_.flow_closed(flow);
        phones_.flow_closed(flow);
        trunks_.flow_closed(flow);
    }
    void check_trunk(telephony::Ptr<telephony::Trunk> trunk, CheckReply reply);
    void prepare_prompts();
    void drain();
    void stop(std::function<void()> stopped);

    ControlPorts ports_;
    sip::UserAgent agent_;
    TrunkPorts trunk_ports_;
    PhoneRegistrar phones_;
    Trunks trunks_;
    SipLegs legs_;
    QueueRotation turns_;
    call::CallBook book_;
    InboundScreen screen_;
    LateAnswers late_{agent_, ports_.timers, ports_.clock, ports_.random};
    Switchboard switchboard_;

private:
    void poll();

    static constexpr std::size_t kChecks = 8;  ///< at once, over all trunks
    telephony::SnapshotReader reader_{ports_.snapshots};
    std::unordered_map<telephony::TrunkId, std::unique_ptr<TrunkCheck>> checks_;
    Timer poll_;
    TimePoint stop_by_ = kNever;
    bool unregistering_ = false;
    std::function<void()> stopped_;
};

void ControlShard::Impl::on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow) {
    RequestOrigin origin = screen_.take_origin();
    switch (origin.kind) {
        case RequestOrigin::Kind::Phone:
            return switchboard_.phone_calls(session, invite, flow, origin.proof);
        case RequestOrigin::Kind::Trunk:
            return switchboard_.trunk_calls(session, invite, flow, *origin.trunk);
        case RequestOrigin::Kind::Guesser:
        case RequestOrigin::Kind::Stranger:
            break;
    }
    (void)session.reject(403);
}

void ControlShard::Impl::on_request(const sip::IncomingRequest& request) {
    const RequestOrigin origin = screen_.take_origin();
    if (origin.kind == RequestOrigin::Kind::Guesser)
        return late_.hold(request.id, phones_.challenge(origin.proof, request.flow));
    if (request.message.method() == sip::Method::Register) return phones_.process(request, origin.proof, agent_);
    sip::Response answer;
    if (request.message.method() == sip::Method::Options)
        answer.headers.add("Accept", "application/sdp, application/dtmf-relay");
    else
        answer.status = 405;
    agent_.respond(request.id, answer);
}

void ControlShard::Impl::check_trunk(telephony::Ptr<telephony::Trunk> trunk, CheckReply reply) {
    const auto& config = reader_.get()->organization(trunk->meta.organization);
    const auto profile = config ? config->sip_profile(trunk->sip_profile) : nullptr;
    if (!profile) return reply(fail(ErrorCode::NotFound, "The edge's SIP profile does not exist any more."));
    std::erase_if(checks_, [](const auto& entry) { return entry.second->finished(); });
    if (checks_.contains(trunk->id)) return reply(fail(ErrorCode::Conflict, "This edge is being tested already."));
    if (checks_.size() >= kChecks) return reply(fail(ErrorCode::Unavailable, "Too many edges are being tested."));
    const auto id = trunk->id;
    auto codecs = telephony::codecs_of(*trunk, *profile);
    auto& check = checks_[id] = std::make_unique<TrunkCheck>(
        trunk_ports_, ports_.prober, std::move(trunk), std::move(codecs), config->organization().sip_domain,
        [reply = std::move(reply)](telephony::TrunkCheckReport report) mutable { reply(std::move(report)); });
    check->start();
}

/// Prompts are spoken before the first call needs them. One that is known costs a look-up.
void ControlShard::Impl::prepare_prompts() {
    ports_.snapshots.current()->organizations().for_each([&](const auto& organization) {
        organization->template all<telephony::CallFlow>().for_each([&](const auto& flow) {
            for (const telephony::FlowStep& step : flow->steps)
                if (!step.prompt.empty()) (void)ports_.prompts.of(step.prompt);
        });
    });
}

void ControlShard::Impl::drain() {
    agent_.drain(kDrainRetryAfter);
    book_.connections().close_all();
    ports_.timers.arm(poll_, ports_.clock.now() + kStopPoll);
}

void ControlShard::Impl::stop(std::function<void()> stopped) {
    stopped_ = std::move(stopped);
    stop_by_ = ports_.clock.now() + kStopLimit;
    agent_.drain(kDrainRetryAfter);
    book_.connections().close_all();
    book_.abort_all(telephony::EndReason::ServerShutdown);
    poll();
}

/// Draining: un-REGISTER once the last call has ended. Stopping: done when the carriers have answered, or the limit has
/// passed.
void ControlShard::Impl::poll() {
    if (book_.size() == 0 && !std::exchange(unregistering_, book_.size() == 0)) trunks_.stop();
    const bool done = unregistering_ && trunks_.quiet();
    if (stopped_ && (done || ports_.clock.now() >= stop_by_)) return std::exchange(stopped_, {})();
    if (!done || stopped_) ports_.timers.arm(poll_, ports_.clock.now() + kStopPoll);
}

ControlShard::ControlShard(ControlConfig config, const ControlPorts& ports)
    : owner_(ports.owner), impl_(std::make_unique<Impl>(config, ports)) {}

ControlShard::~ControlShard() = default;

bool ControlShard::start_call(StartCall call) {
    if (draining_.load(std::memory_order_relaxed)) return false;
    return owner_.post([this, call = std::move(call)]() mutable { impl_->switchboard_.start(std::move(call)); });
}

void ControlShard::command(telephony::CallOrder order, Executor& reply_on, CommandReply reply) {
    auto shared = std::make_shared<CommandReply>(std::move(reply));
    const bool posted = owner_.post([this, order = std::move(order), &reply_on, shared] {
        auto result = impl_->switchboard_.obey(order);
        (void)reply_on.post([shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
    });
    if (!posted)
        (void)reply_on.post(
            [shared] { (*shared)(fail(ErrorCode::Unavailable, "The server has too much to do at the moment.")); });
}

void ControlShard::check_trunk(telephony::Ptr<telephony::Trunk> trunk, Executor& reply_on, CheckReply reply) {
    auto shared = std::make_shared<CheckReply>(std::move(reply));
    const auto answer = [&reply_on, shared](Result<telephony::TrunkCheckReport> report) {
        (void)reply_on.post([shared, report = std::move(report)]() mutable { (*shared)(std::move(report)); });
    };
    if (!owner_.post([this, trunk = std::move(trunk), answer] { impl_->check_trunk(trunk, answer); }))
        answer(fail(ErrorCode::Unavailable, "The server has too much to do at the moment."));
}

void ControlShard::configuration_changed() {
    (void)owner_.post([this] { impl_->configuration_changed(); });
}

void ControlShard::drain() {
    draining_.store(true, std::memory_order_relaxed);
    (void)owner_.post([this] { impl_->drain(); });
}

std::size_t ControlShard::active_calls() const {
    return impl_->book_.size();
}

void ControlShard::start() {
    impl_->configuration_changed();
}

void ControlShard::stop(std::function<void()> stopped) {
    draining_.store(true, std::memory_order_relaxed);
    impl_->stop(std::move(stopped));
}

void ControlShard::receive(std::span<char> message, const sip::Flow& flow) {
    impl_->agent_.receive(message, flow);
}
void ControlShard::flow_closed(const sip::Flow& flow) {
    impl_->flow_closed(flow);
}
void ControlShard::datagram_refused(const Endpoint& remote, std::string_view quoted) {
    impl_->agent_.datagram_refused(remote, quoted);
}

call::MediaEvents& ControlShard::media_events() {
    return impl_->book_;
}
sip::UserAgentStats ControlShard::signaling_stats() const {
    return impl_->agent_.stats();
}

}  // namespace dp::signaling
