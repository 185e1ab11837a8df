/// Calls that come to us: from carriers to users, from phones to numbers and to each other, and from strangers.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_world.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const Endpoint kServerEndpoint = *Endpoint::parse(kServer);
const std::string kServerHost = "10.0.0.1";

class Inbound : public testing::Test {
protected:
    Inbound() {
        world.add_phone(std::string(kAgent), "alice");
        world.add_trunk({});
        phone = &world.phone("alice", "10.0.1.1:5060");
        carrier = &world.carrier("10.0.9.1:5060");
    }
    FarEnd::Leg& call_in(const std::string& number = std::string(kCallerId)) {
        return carrier->dial(number, kServerHost, kServerEndpoint);
    }
    SimWorld world;
    FarEnd* phone = nullptr;
    FarEnd* carrier = nullptr;
};

TEST_F(Inbound, ReachesThePhoneOfTheUserThatTheNumberIsAssignedTo) {
    auto& leg = call_in();
    world.run(5s);
    EXPECT_TRUE(leg.answered);
    EXPECT_EQ(leg.progress, 180);
    EXPECT_THAT(phone->last().from, HasSubstr("+15550009999"));
    const auto id = world.only();
    EXPECT_THAT(world.statuses(id), ElementsAre("initiated", "ringing", "connected"));
    EXPECT_EQ(world.conversation(id).direction, telephony::Direction::Inbound);
    EXPECT_EQ(world.conversation(id).agent.str(), kAgent);
    EXPECT_EQ(world.sink.events.at(world.sink.events.size() - 1).resource_id, id);
    carrier->hang_up(leg);
    world.expect_clean();
    EXPECT_EQ(world.reason(id), "remote_hangup");
}

TEST_F(Inbound, CreatedEventComesFirst) {
    call_in();
    world.run(5s);
    std::vector<std::string> types;
    for (const auto& event : world.sink.events)
        if (event.resource_type == "conversation") types.push_back(event.type);
    ASSERT_FALSE(types.empty());
    EXPECT_EQ(types.front(), telephony::event_type::kConversationCreated);
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(Inbound, AgentHangingUpEndsTheCarriersLeg) {
    auto& leg = call_in();
    world.run(5s);
    phone->hang_up(phone->last());
    world.expect_clean();
    EXPECT_EQ(leg.end, sip::EndCause::RemoteBye);
    EXPECT_THAT(leg.end_reason, HasSubstr("Q.850;cause=16"));
}

TEST_F(Inbound, UnknownNumberIs404WithAnEvent) {
    auto& leg = call_in("+15550000000");
    world.run(1s);
    EXPECT_EQ(leg.end_status, 404);
    EXPECT_EQ(world.sink.count(telephony::event_type::kInboundUnrouted), 1U);
    EXPECT_TRUE(world.sink.versions.empty());
    world.expect_clean();
}

TEST_F(Inbound, NumberOfAQueueWithoutMembersLeadsNowhere) {
    telephony::Queue queue;
    queue.id = telephony::QueueId("queue-1");
    world.put(queue);
    world.add_number("+15557770000", telephony::RoutingKind::Queue, "queue-1");
    world.run(10ms);
    auto& leg = call_in("+15557770000");
    world.run(1s);
    EXPECT_EQ(leg.end_status, 480);
    EXPECT_EQ(world.sink.count(telephony::event_type::kInboundUnrouted), 1U);
    world.expect_clean();
}

TEST_F(Inbound, OverTheTrunksLimitIs503WithRetryAfter) {
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .max_sessions = 1});
    world.run(10ms);
    call_in();
    world.run(3s);
    auto& second = call_in();
    world.run(1s);
    EXPECT_EQ(second.end_status, 503);
    carrier->hang_up(carrier->legs.front());
    world.expect_clean();
}

TEST_F(Inbound, BusyPhoneIsBusyForTheCarrier) {
    phone->scripts[""].reject = 486;
    auto& leg = call_in();
    world.run(2s);
    EXPECT_EQ(leg.end_status, 486);
    EXPECT_THAT(leg.end_reason, HasSubstr("cause=17"));
    EXPECT_EQ(world.status(world.only()), "failed");
    EXPECT_EQ(world.reason(world.only()), "busy");
    world.expect_clean();
}

TEST_F(Inbound, NobodyAnsweringIs480AtTheRingLimit) {
    phone->scripts[""].answer.reset();
    auto& leg = call_in();
    world.run(33s);
    EXPECT_EQ(leg.end_status, 480);
    EXPECT_EQ(world.reason(world.only()), "agent_no_answer");
    world.expect_clean();
}

TEST_F(Inbound, UserWithoutRegisteredPhoneIs480) {
    world.add_user("agent-3", "+15553330000");
    world.run(10ms);
    auto& leg = call_in("+15553330000");
    world.run(1s);
    EXPECT_EQ(leg.end_status, 480);
    EXPECT_EQ(world.reason(world.only()), "agent_unreachable");
    world.expect_clean();
}

TEST_F(Inbound, CallerGivingUpWhileItRingsCancelsThePhone) {
    phone->scripts[""].answer = 10s;
    auto& leg = call_in();
    world.run(2s);
    carrier->hang_up(leg);
    world.run(1s);
    EXPECT_EQ(phone->last().end, sip::EndCause::RemoteCancel);
    EXPECT_EQ(world.status(world.only()), "disconnected");
    EXPECT_EQ(world.reason(world.only()), "caller_hangup");
    world.expect_clean();
}

TEST_F(Inbound, LateOfferGetsOursIn200AndItsAnswerFromTheAck) {
    auto& leg = carrier->dial(std::string(kCallerId), kServerHost, kServerEndpoint, {}, false);
    world.run(5s);
    EXPECT_TRUE(leg.answered);
    EXPECT_THAT(leg.answer_sdp, HasSubstr("m=audio"));
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(Inbound, StrangersGetOne403ThenSilence) {
    FarEnd& stranger = world.carrier("10.6.6.6:5060");
    auto& first = stranger.dial(std::string(kCallerId), kServerHost, kServerEndpoint);
    world.run(1s);
    EXPECT_EQ(first.end_status, 403);
    auto& second = stranger.dial(std::string(kCallerId), kServerHost, kServerEndpoint);
    world.run(5s);
    EXPECT_EQ(second.end_status, 0);
    EXPECT_TRUE(phone->legs.empty());
    world.run(60s);
    world.expect_clean();
}

TEST_F(Inbound, AShardThatLagsSendsNewCallsAwayAndTakesThemAgainOnceItHasCaughtUp) {
    world.load.standing = 30ms;
    auto& refused = call_in();
    world.run(5s);
    EXPECT_EQ(refused.end_status, 503);
    EXPECT_TRUE(phone->legs.empty());
    world.load.standing = 20ms;
    auto& taken = call_in();
    world.run(5s);
    EXPECT_TRUE(taken.answered);
    world.load.standing = 1s;
    EXPECT_TRUE(world.order(world.only(), telephony::EndCall{}));
    world.run(5s);
    EXPECT_TRUE(taken.ended) << "what runs in dialogs is never refused";
    world.load.standing = {};
    world.expect_clean();
}

/// REGISTERs that show credentials for somewhere else: each gets a challenge, as long as its source has a share left.
std::size_t challenges_for(SimWorld& world, std::string_view source, int count) {
    auto& node = world.network.add(source);
    std::size_t challenges = 0;
    world.network.filter = [&](const auto& from, const sip::Flow& flow, std::string_view message) {
        if (from.address() == kServerEndpoint && flow.remote == node.address() && message.starts_with("SIP/2.0 401"))
            ++challenges;
        return true;
    };
    const sip::Flow flow = node.open_flow({sip::TransportKind::Udp, kServerEndpoint, {}});
    for (int i = 0; i < count; ++i)
        node.send(flow, fmt::format("REGISTER sip:{0} SIP/2.0\r\nVia: SIP/2.0/UDP {1};branch=z9hG4bK{2}\r\n"
                                    "From: <sip:x@{0}>;tag=1\r\nTo: <sip:x@{0}>\r\nCall-ID: {2}\r\n"
                                    "CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:x@{1}>\r\n"
                                    "Authorization: Digest username=\"x\", realm=\"elsewhere\", nonce=\"n\", "
                                    "uri=\"sip:{0}\", response=\"00000000000000000000000000000000\"\r\n"
                                    "Content-Length: 0\r\n\r\n",
                                    kDomain, source, i));
    world.run(1s);
    world.network.filter = {};
    return challenges;
}

TEST_F(Inbound, ASourceHasItsShareWhateverCredentialsItShowsUntilItHasProvenSome) {
    EXPECT_EQ(challenges_for(world, "10.7.7.7:5060", 150), 100U);
    EXPECT_EQ(challenges_for(world, "10.0.1.1:5061", 150), 150U) << "a phone has registered from that address";
    world.run(11min);
    world.expect_clean();
}

TEST_F(Inbound, MaxForwardsUsedUpIs483) {
    world.network.filter = {};
    sip::InviteRequest request;
    sip::NextHop hop;
    hop.target.remote = kServerEndpoint;
    request.hops.push_back(hop);
    request.request_uri = "sip:" + std::string(kCallerId) + "@10.0.0.1";
    request.from = "<sip:+15550009999@10.0.9.1>";
    request.to = "<sip:+15551234567@10.0.0.1>";
    request.max_forwards = 1;
    request.offer = {
        "application/sdp",
        "v=0\r\no=- 1 1 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"};
    auto& leg = carrier->legs.emplace_back();
    leg.session = *carrier->agent().place(request, *carrier);
    leg.audio = nullptr;
    world.run(1s);
    EXPECT_EQ(leg.end_status, 483);
    world.expect_clean();
}

class FromPhone : public Inbound {
protected:
    FarEnd::Leg& dial(const std::string& user, const std::string& password = "secret-alice") {
        return phone->dial(user, std::string(kDomain), kServerEndpoint, password);
    }
};

TEST_F(FromPhone, DialsANumberThroughTheTrunk) {
    auto& leg = dial(std::string(kDestination));
    world.run(5s);
    EXPECT_TRUE(leg.answered);
    EXPECT_EQ(carrier->last().called, kDestination);
    EXPECT_THAT(carrier->last().from, HasSubstr(std::string(kCallerId)));
    EXPECT_EQ(carrier->last().max_forwards, 69);
    const auto id = world.only();
    EXPECT_THAT(world.statuses(id), ElementsAre("initiated", "ringing", "connected"));
    phone->hang_up(leg);
    world.expect_clean();
    EXPECT_EQ(world.reason(id), "agent_hangup");
}

TEST_F(FromPhone, EarlyMediaAndAnswerCarryIdenticalSdp) {
    carrier->scripts[""].early_media = 200ms;
    carrier->scripts[""].answer = 2s;
    auto& leg = dial(std::string(kDestination));
    world.run(1s);
    EXPECT_EQ(leg.progress, 183);
    world.run(4s);
    ASSERT_TRUE(leg.answered);
    EXPECT_FALSE(leg.early_sdp.empty());
    EXPECT_EQ(leg.early_sdp, leg.answer_sdp);
    phone->hang_up(leg);
    world.expect_clean();
}

TEST_F(FromPhone, BusyDestinationIs486) {
    carrier->scripts[""].reject = 486;
    auto& leg = dial(std::string(kDestination));
    world.run(2s);
    EXPECT_EQ(leg.end_status, 486);
    world.expect_clean();
}

TEST_F(FromPhone, CancelBeforeTheAnswerReachesTheCarrier) {
    carrier->scripts[""].answer = 20s;
    auto& leg = dial(std::string(kDestination));
    world.run(1s);
    phone->hang_up(leg);
    world.run(1s);
    EXPECT_EQ(carrier->last().end, sip::EndCause::RemoteCancel);
    EXPECT_EQ(world.status(world.only()), "disconnected");
    world.expect_clean();
}

TEST_F(FromPhone, AnotherPhoneOfTheOrganization) {
    world.add_user("agent-2", "");
    world.add_phone("agent-2", "bob");
    world.run(10ms);
    FarEnd& bob = world.phone("bob", "10.0.1.2:5060");
    auto& leg = dial("bob");
    world.run(5s);
    EXPECT_TRUE(leg.answered);
    EXPECT_THAT(bob.last().from, HasSubstr("sip:alice@dialplane.test"));
    EXPECT_THAT(bob.last().from, HasSubstr("Agent agent-1"));
    EXPECT_TRUE(carrier->legs.empty());
    bob.hang_up(bob.last());
    world.expect_clean();
}

TEST_F(FromPhone, MalformedNumberIs404AndIsRecorded) {
    auto& leg = dial("not-a-number");
    world.run(1s);
    EXPECT_EQ(leg.end_status, 404);
    const auto& refused = world.conversation(world.only());
    EXPECT_EQ(refused.status, telephony::ConversationStatus::Failed);
    EXPECT_EQ(world.reason(world.only()), "number_not_found");
    EXPECT_EQ(refused.destination, "not-a-number");
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), 1U);
    world.expect_clean();
}

TEST_F(FromPhone, WrongPasswordIs401AndNothingIsPlaced) {
    auto& leg = dial(std::string(kDestination), "wrong");
    world.run(2s);
    EXPECT_EQ(leg.end_status, 401);
    EXPECT_TRUE(carrier->legs.empty());
    world.expect_clean();
}

TEST_F(FromPhone, MayNotCallUnderAnothersName) {
    world.add_user("agent-2", "");
    world.add_phone("agent-2", "bob");
    world.run(10ms);
    sip::InviteRequest request;
    sip::NextHop hop;
    hop.target.remote = kServerEndpoint;
    request.hops.push_back(hop);
    request.request_uri = "sip:+15559876543@dialplane.test";
    request.from = "<sip:bob@dialplane.test>";
    request.to = "<sip:+15559876543@dialplane.test>";
    request.offer = {
        "application/sdp",
        "v=0\r\no=- 1 1 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"};
    request.credentials =
        std::make_shared<sip::DigestClient>(sip::DigestAccount{"alice", "secret-alice", {}}, world.network.random());
    auto& leg = phone->legs.emplace_back();
    leg.session = *phone->agent().place(request, *phone);
    world.run(2s);
    EXPECT_EQ(leg.end_status, 403);
    EXPECT_TRUE(carrier->legs.empty());
    world.expect_clean();
}

class Bypass : public Inbound {
protected:
    Bypass() {
        world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .media = telephony::MediaPolicy::Bypass});
        world.run(10ms);
    }
};

TEST_F(Bypass, SdpPassesUntouchedAndNoMediaLegIsUsed) {
    auto& leg = call_in();
    world.run(5s);
    ASSERT_TRUE(leg.answered);
    EXPECT_EQ(world.media.allocated, 0U);
    EXPECT_THAT(leg.answer_sdp, HasSubstr("c=IN IP4 10.0.1.1"));
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("c=IN IP4 10.0.9.1"));
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(Bypass, HoldCrossesAndIsAnsweredByTheOtherEnd) {
    auto& leg = call_in();
    world.run(5s);
    carrier->hold(leg, sdp::Direction::SendOnly);
    world.run(2s);
    EXPECT_EQ(phone->last().offers, 1);
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("a=sendonly"));
    EXPECT_THAT(leg.last_sdp, HasSubstr("a=recvonly"));
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(Bypass, BothHoldingAtOnceIsGlareAndNobodyIsLost) {
    auto& leg = call_in();
    world.run(5s);
    carrier->hold(leg, sdp::Direction::SendOnly);
    phone->hold(phone->last(), sdp::Direction::SendOnly);
    world.run(15s);
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(leg);
    world.expect_clean();
}

TEST_F(Bypass, LateOfferCrosses) {
    auto& leg = carrier->dial(std::string(kCallerId), kServerHost, kServerEndpoint, {}, false);
    world.run(5s);
    EXPECT_TRUE(leg.answered);
    EXPECT_THAT(leg.answer_sdp, HasSubstr("c=IN IP4 10.0.1.1"));
    EXPECT_EQ(world.status(world.only()), "connected");
    carrier->hang_up(leg);
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim
