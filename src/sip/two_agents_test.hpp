#pragma once
/// @file For the tests of InviteSession: two user agents of ours that call each other over a simulated network.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/invite_session.hpp"
#include "sip/session_test_support.hpp"

namespace dp::sip::test {

/// Two user agents of ours calling each other.
class CallTest : public testing::Test {
protected:
    using State = InviteSession::State;

    SimulatedNetwork network{7};
    Station ann{network, "10.0.0.1:5060"};
    Station bob{network, "10.0.0.2:5060"};

    void bob_answers_at_once() {
        bob.when_invited = [](InviteSession& session, const MessageView&) {
            ASSERT_TRUE(session.provide(180));
            ASSERT_TRUE(session.accept(sdp("answer-1")));
        };
    }
    void connect() {
        bob_answers_at_once();
        ann.place(ann.invite_to(bob.node.address()));
        network.run_for(1s);
        ASSERT_EQ(ann.calls.session->state(), State::Confirmed);
        ASSERT_EQ(bob.calls.session->state(), State::Confirmed);
        ann.calls.events.clear();
        bob.calls.events.clear();
    }
    /// Both may offer again: no exchange was left open.
    void expect_nothing_open() {
        bob.calls.when_offered = [](InviteSession& session, const RemoteOffer&) {
            ASSERT_TRUE(session.answer(sdp("last")));
        };
        ASSERT_TRUE(ann.calls.session->offer(sdp("once more")));
        network.run_for(1s);
        EXPECT_EQ(ann.calls.events.back(), "offer answered last");
    }
    void expect_all_gone() {
        network.run_for(70s);
        EXPECT_TRUE(ann.idle());
        EXPECT_TRUE(bob.idle());
        EXPECT_EQ(network.timers().size(), 0U);
    }
};

}  // namespace dp::sip::test
