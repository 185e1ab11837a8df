#pragma once
/// @file Fixtures for the tests of InviteSession: our user agent against a scripted peer, as caller and as callee.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {

using State = InviteSession::State;
using testing::ElementsAre;

/// Our user agent calls the scripted peer.
class CallerTest : public testing::Test {
protected:
    SimulatedNetwork network{13};
    Station ann{network, "10.0.0.1:5060"};
    ScriptedPeer peer{network, "10.0.0.2:5060"};
    InviteRequest request = ann.invite_to(peer.node.address());

    const MessageView& call() {
        ann.place(request);
        network.run_for(20ms);
        return *peer.last(Method::Invite);
    }
    void settle() { network.run_for(20ms); }
    InviteSession& session() { return *ann.calls.session; }
    Message sent(Method method) { return Message(*peer.last(method)); }
    void connect(std::string headers = {}) {
        const Message invite(call());
        peer.answer(*invite, 200, std::move(headers), "answer-1");
        settle();
        ASSERT_EQ(session().state(), State::Confirmed);
    }
};

inline std::vector<std::string> routes_of(const MessageView& message) {
    std::vector<std::string> routes;
    for (auto value : message.elements(HeaderId::Route)) routes.emplace_back(value);
    return routes;
}

/// The scripted peer calls our user agent.
class CalleeTest : public testing::Test {
protected:
    SimulatedNetwork network{17};
    Station ann{network, "10.0.0.1:5060"};
    ScriptedPeer peer{network, "10.0.0.2:5060"};
    ScriptedPeer::Fields fields;

    void SetUp() override {
        peer.to = peer.node.flow_to(ann.node.address());
        fields.method = "INVITE";
        fields.branch = "z9hG4bKcall";
        fields.body = "offer-1";
    }
    void settle() { network.run_for(20ms); }
    void invite() {
        peer.request(fields);
        settle();
    }
    InviteSession& session() { return *ann.calls.session; }
    Message got(Method method, int status) { return Message(*peer.last(method, status)); }
    void acknowledge(std::string body = {}) {
        auto ack = peer.in_own_dialog(*got(Method::Invite, 200), "ACK", fields.cseq);
        ack.body = std::move(body);
        peer.request(ack);
        settle();
    }
    void connect() {
        ann.when_invited = [](InviteSession& s, const MessageView&) { ASSERT_TRUE(s.accept(sdp("answer-1"))); };
        invite();
        acknowledge();
        ASSERT_EQ(session().state(), State::Confirmed);
    }
    void send_prack(const MessageView& provisional, int cseq, std::string body = {}) {
        auto prack = peer.in_own_dialog(provisional, "PRACK", cseq);
        prack.headers = "RAck: " + std::string(provisional.value(HeaderId::RSeq)) + " 1 INVITE\r\n";
        prack.body = std::move(body);
        peer.request(prack);
        settle();
    }
};

inline const char* const kReliable = "Require: 100rel\r\nRSeq: ";

}  // namespace dp::sip::test
