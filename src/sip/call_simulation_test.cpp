// Many calls over a bad network in virtual time: every one ends once on each side, and nothing is left behind.
#include <gtest/gtest.h>
#include <malloc.h>

#include <map>

#include "sip/session_test_support.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#define DP_TEST_HAS_ASAN 1
#endif
#endif

namespace dp::sip::test {
namespace {

std::size_t allocated_bytes() {
#ifdef DP_TEST_HAS_ASAN
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

/// What both sides do is drawn from the network's seed.
class RandomCaller : public InviteSessionHandler {
public:
    RandomCaller(SimulatedNetwork& network, UserAgent& agent) : network_(network), agent_(agent) {}

    void adopt(InviteSession& session) {
        session.set_handler(this);
        ++live_[session.id()];
        plan(session.id(), &RandomCaller::act, 0, 20);
    }
    std::size_t live() const { return live_.size(); }
    int answered = 0, confirmed = 0, ended = 0, twice = 0;
    std::map<EndCause, int> causes;

    void on_session_progress(InviteSession&, const Progress&) override {}
    void on_session_answered(InviteSession&, const Answered&) override { ++answered; }
    void on_session_confirmed(InviteSession&, BodyView) override { ++confirmed; }
    void on_session_offered(InviteSession& session, const RemoteOffer&) override {
        if (chance(10))
            (void)session.refuse_offer();
        else
            (void)session.answer(sdp("answer"));
    }
    void on_session_offer_answered(InviteSession&, BodyView) override {}
    void on_session_offer_withdrawn(InviteSession&) override {}
    void on_session_offer_failed(InviteSession&, OfferFailure, int) override {}
    void on_session_info(InviteSession&, const MessageView&) override {}
    void on_session_referred(InviteSession&, const MessageView&, ServerRequestId request) override {
        agent_.respond(request, Response{.status = 603});
    }
    void on_session_notified(InviteSession&, const MessageView&) override {}
    void on_session_ended(InviteSession& session, const SessionEnd& end) override {
        ++ended;
        ++causes[end.cause];
        if (live_.erase(session.id()) == 0) ++twice;
    }

private:
    using Step = void (RandomCaller::*)(InviteSession&);

    bool chance(unsigned percent) { return network_.random().between(0, 99) < percent; }
    void plan(SessionId id, Step step, unsigned from, unsigned to) {
        auto timer = std::make_unique<Timer>();
        Timer& armed = *timer;
        armed.set_callback([this, id, step] {
            if (InviteSession* session = live_.contains(id) ? agent_.find(id) : nullptr) (this->*step)(*session);
        });
        const auto wait = std::chrono::milliseconds(network_.random().between(from * 1000, to * 1000));
        network_.timers().arm(armed, network_.clock().now() + wait);
        timers_.push_back(std::move(timer));
    }
    void act(InviteSession& session) {
        using State = InviteSession::State;
        switch (session.state()) {
            case State::Alerting:
                if (chance(10)) return (void)session.reject(486);
                if (chance(40)) (void)session.provide(chance(50) ? 180 : 183, sdp("early"));
                (void)session.accept(sdp("answer"));
                return plan(session.id(), &RandomCaller::act, 0, 20);
            case State::Inviting:
            case State::Accepted:
            case State::Confirmed:
                if (chance(40)) return session.hang_up("Q.850;cause=16");
                if (chance(50)) (void)session.offer(sdp("offer"));
                if (chance(20)) (void)session.info({"application/dtmf-relay", "Signal=1"});
                return plan(session.id(), &RandomCaller::act, 0, 20);
            default:
                return;
        }
    }

    SimulatedNetwork& network_;
    UserAgent& agent_;
    std::map<SessionId, int> live_;
    std::vector<std::unique_ptr<Timer>> timers_;
};

struct Weather {
    std::uint64_t seed;
    SimulatedNetwork::Conditions conditions;
};

class ManyCalls : public testing::TestWithParam<Weather> {};

TEST_P(ManyCalls, AllEndOnceAndNothingIsLeft) {
    constexpr int kCalls = 1000;
    SimulatedNetwork network(GetParam().seed);
    network.conditions = GetParam().conditions;
    Station ann(network, "10.0.0.1:5060");
    Station bob(network, "10.0.0.2:5060");
    RandomCaller callers(network, ann.agent);
    RandomCaller callees(network, bob.agent);
    bob.when_invited = [&](InviteSession& session, const MessageView&) { callees.adopt(session); };
    for (int i = 0; i < kCalls; ++i) {
        const auto id = ann.agent.place(ann.invite_to(bob.node.address()), callers);
        ASSERT_TRUE(id);
        callers.adopt(*ann.agent.find(*id));
        network.run_for(50ms);
    }
    network.run_for(600s);
    EXPECT_EQ(callers.live(), 0U);
    EXPECT_EQ(callees.live(), 0U);
    EXPECT_EQ(callers.ended, kCalls);
    EXPECT_EQ(callers.twice + callees.twice, 0);
    EXPECT_GT(callers.answered, kCalls / 4);
    network.run_for(64 * 500ms);
    for (const Station* station : {&ann, &bob}) {
        const UserAgentStats left = station->agent.stats();
        EXPECT_EQ(left.sessions, 0U);
        EXPECT_EQ(left.client_transactions, 0U);
        EXPECT_EQ(left.server_transactions, 0U);
    }
    EXPECT_EQ(network.timers().size(), 0U);
    EXPECT_EQ(callers.causes[EndCause::BadAnswer], 0);
}

INSTANTIATE_TEST_SUITE_P(Weather, ManyCalls,
                         testing::Values(Weather{1, {}}, Weather{2, {10, 0, 5ms, 50ms}},
                                         Weather{3, {10, 5, 5ms, 300ms}}, Weather{4, {30, 10, 5ms, 800ms}},
                                         Weather{5, {10, 5, 5ms, 2500ms}}),
                         [](const auto& p) { return "Seed" + std::to_string(p.param.seed); });

TEST(Memory, OfAnEstablishedCall) {
    constexpr std::size_t kCalls = 2000;
    SimulatedNetwork network(1);
    Station ann(network, "10.0.0.1:5060");
    Station bob(network, "10.0.0.2:5060");
    Recorder quiet;
    bob.when_invited = [&](InviteSession& session, const MessageView&) {
        session.set_handler(&quiet);
        ASSERT_TRUE(session.provide(180));
        ASSERT_TRUE(session.accept(sdp(std::string(300, 's'))));
    };
    InviteRequest request = ann.invite_to(bob.node.address());
    request.offer = sdp(std::string(500, 's'));
    (void)ann.agent.place(request, quiet);
    network.run_for(1s);
    quiet.events = {};
    const std::size_t before = allocated_bytes();
    for (std::size_t i = 0; i < kCalls; ++i) (void)ann.agent.place(request, quiet);
    network.run_for(5s);
    quiet.events = {};
    bob.calls.events = {};
    // One of our legs as caller and one as callee is what a bridged call holds.
    const std::size_t fresh = (allocated_bytes() - before) / kCalls;
    network.run_for(60s);
    const std::size_t settled = (allocated_bytes() - before) / kCalls;
    std::printf(
        "signalling memory of a call, both legs: %zu B in its first 32 s, %zu B after; a session object %zu B\n", fresh,
        settled, sizeof(InviteSession));
    EXPECT_EQ(ann.agent.stats().sessions, kCalls + 1);
    EXPECT_LE(fresh, 8000U);
    EXPECT_LE(settled, 5000U);
}

}  // namespace
}  // namespace dp::sip::test
