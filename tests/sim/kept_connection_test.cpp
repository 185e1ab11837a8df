/// Persistent connections: each transition of call/kept_connection_fsm.hpp, and the races around it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_world.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Endpoint kServerEndpoint = *Endpoint::parse(kServer);
const std::string kServerHost = "10.0.0.1";
constexpr std::string_view kRemote = "10.0.9.1:5060";

FarEnd::Options browser_options() {
    FarEnd::Options options;
    options.media = call::MediaTransport::Webrtc;
    options.transport = sip::TransportKind::Ws;
    options.codecs = {sdp::Codec::Opus, sdp::Codec::Pcmu};
    options.takes_calls_inside = true;
    return options;
}

/// Alice's phone is a browser page whose base settings keep its connection for five minutes.
class KeptConnection : public testing::Test {
protected:
    KeptConnection() {
        settings(true);
        world.add_phone(std::string(kAgent), "alice");
        world.add_trunk({});
        phone = &world.phone("alice", "10.0.1.1:5060", browser_options());
        carrier = &world.carrier(kRemote.data());
    }
    void settings(bool enabled, std::chrono::seconds timeout = 300s) {
        telephony::PhoneBaseSettings base;
        base.id = telephony::PhoneBaseSettingsId("base-1");
        base.persistent_connection = {enabled, timeout};
        world.put(base);
    }
    FarEnd::Leg& call_in() { return carrier->dial(std::string(kCallerId), kServerHost, kServerEndpoint); }
    /// One call from the API that ends by the carrier's BYE.
    void first_call() {
        const auto id = world.place_call();
        world.run(5s);
        ASSERT_EQ(world.status(id), "connected") << world.reason(id);
        carrier->hang_up(carrier->last());
        world.run(2s);
        ASSERT_EQ(world.status(id), "disconnected");
    }
    FarEnd::Leg& kept() { return phone->legs.front(); }
    bool at_rest() {
        return !kept().ended && kept().last_sdp.find("a=inactive") != std::string::npos &&
               world.shard->active_calls() == 0 && world.media.legs.size() == 1 && !world.media.bridged();
    }
    bool both_hear() {
        return world.media.bridged() &&
               std::ranges::none_of(world.media.legs, [](const auto& entry) { return entry.second.tone.has_value(); });
    }
    call::LegId kept_media() {
        for (auto& [id, leg] : world.media.legs)
            if (leg.spec.transport == call::MediaTransport::Webrtc) return id;
        return {};
    }
    std::string newest() {
        const telephony::Conversation* found = nullptr;
        for (auto& [id, versions] : world.sink.versions)
            if (found == nullptr || versions.back()->started >= found->started) found = versions.back().get();
        return found == nullptr ? std::string() : found->id.str();
    }
    /// An INVITE was needed for the newest call: the connection was of no use.
    bool invited_afresh() { return phone->legs.size() == 2 && phone->last().answered; }
    void end_by_logout() {
        phone->unregister();
        world.expect_clean();
    }

    SimWorld world;
    FarEnd* phone = nullptr;
    FarEnd* carrier = nullptr;
};

TEST_F(KeptConnection, RestsAfterTheCallWithItsMediaLegAndNothingElse) {
    first_call();
    EXPECT_TRUE(kept().may_rest);
    EXPECT_TRUE(at_rest());
    EXPECT_THAT(kept().releases, ElementsAre("0 Q.850;cause=16"));
    end_by_logout();
}

TEST_F(KeptConnection, NextCallAlertsInsideItAndNeedsNoNewMedia) {
    first_call();
    const auto media = kept_media();
    const auto allocated = world.media.allocated;
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_THAT(world.statuses(id), ElementsAre("queued", "initiated", "ringing", "connected"));
    EXPECT_EQ(phone->legs.size(), 1U) << "no second INVITE";
    EXPECT_EQ(kept().alerts, 1);
    EXPECT_EQ(kept().conversation, id);
    EXPECT_THAT(kept().asserted, HasSubstr(std::string(kDestination)));
    EXPECT_THAT(kept().last_sdp, HasSubstr("a=sendrecv"));
    EXPECT_EQ(world.media.allocated, allocated + 1) << "the carrier's leg only";
    EXPECT_EQ(kept_media(), media);
    EXPECT_TRUE(both_hear());
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_TRUE(at_rest());
    EXPECT_THAT(kept().releases, ElementsAre("0 Q.850;cause=16", "1 Q.850;cause=16"));
    end_by_logout();
}

TEST_F(KeptConnection, InboundCallAlertsInsideItWithItsCaller) {
    first_call();
    auto& caller = call_in();
    world.run(200ms);
    EXPECT_EQ(caller.progress, 180);
    EXPECT_THAT(kept().asserted, HasSubstr("+15550009999"));
    world.run(4s);
    EXPECT_TRUE(caller.answered);
    EXPECT_EQ(world.status(newest()), "connected");
    EXPECT_TRUE(both_hear());
    EXPECT_EQ(phone->legs.size(), 1U);
    carrier->hang_up(caller);
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, ManyCallsOneAfterTheOther) {
    first_call();
    for (int i = 0; i < 20; ++i) {
        const auto id = world.place_call();
        world.run(3s);
        ASSERT_EQ(world.status(id), "connected") << i;
        carrier->hang_up(carrier->last());
        world.run(1s);
        ASSERT_TRUE(at_rest()) << i;
    }
    EXPECT_EQ(phone->legs.size(), 1U);
    end_by_logout();
}

TEST_F(KeptConnection, AutomaticAnswerIsAskedForInsideAsInAnInvite) {
    first_call();
    world.place_call(std::string(kDestination), call::AnswerMode::Automatic);
    world.run(5s);
    EXPECT_THAT(kept().call_info, HasSubstr("answer-after=0"));
    carrier->hang_up(carrier->last());
    world.run(2s);
    end_by_logout();
}

TEST_F(KeptConnection, EndsByByeWhenNobodyCallsForTheTimeSet) {
    first_call();
    world.run(290s);
    EXPECT_TRUE(at_rest());
    world.run(15s);
    EXPECT_EQ(kept().end, sip::EndCause::RemoteBye);
    world.expect_clean();
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected") << "by an INVITE";
    EXPECT_TRUE(invited_afresh());
    phone->hang_up(phone->last());
    world.expect_clean();
}

TEST_F(KeptConnection, TheClockStartsAnewAfterEachCall) {
    first_call();
    world.run(200s);
    first_call();
    world.run(200s);
    EXPECT_TRUE(at_rest());
    world.run(110s);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, PhoneLeavesTheCallAndKeepsTheConnection) {
    first_call();
    const auto id = world.place_call();
    world.run(5s);
    phone->say_inside(kept(), "leave", 1);
    world.run(2s);
    EXPECT_EQ(world.reason(id), "agent_hangup");
    EXPECT_TRUE(carrier->last().ended);
    EXPECT_TRUE(at_rest());
    EXPECT_EQ(kept().releases.size(), 1U) << "it knows that it has left";
    end_by_logout();
}

TEST_F(KeptConnection, PhoneLeavesTheVeryFirstCallToo) {
    const auto id = world.place_call();
    world.run(5s);
    phone->say_inside(kept(), "leave", 0);
    world.run(2s);
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, ByeOfThePhoneEndsCallAndConnection) {
    first_call();
    const auto id = world.place_call();
    world.run(5s);
    phone->hang_up(kept());
    world.run(1s);
    EXPECT_EQ(world.status(id), "disconnected");
    world.expect_clean();
}

TEST_F(KeptConnection, DeclinedCallLeavesItAtRest) {
    first_call();
    phone->inside.decline = 603;
    auto& caller = call_in();
    world.run(3s);
    EXPECT_TRUE(caller.ended);
    EXPECT_EQ(world.reason(newest()), "agent_declined");
    EXPECT_TRUE(at_rest());
    phone->inside = {};
    first_call();
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, LeftRightAfterItsAcceptance) {
    first_call();
    phone->inside.accept.reset();
    auto& caller = call_in();
    world.run(1s);
    phone->say_inside(kept(), "accept", 1);
    phone->say_inside(kept(), "leave", 1);
    world.run(2s);
    EXPECT_TRUE(caller.ended);
    EXPECT_EQ(world.reason(newest()), "agent_hangup");
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, LeftWhileItRingsIsDeclined) {
    first_call();
    phone->inside.accept.reset();
    call_in();
    world.run(1s);
    phone->say_inside(kept(), "leave", 1);
    world.run(1s);
    EXPECT_EQ(world.reason(newest()), "agent_declined");
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, CallerGivesUpWhileItAlerts) {
    first_call();
    phone->inside.accept.reset();
    auto& caller = call_in();
    world.run(2s);
    carrier->hang_up(caller);
    world.run(1s);
    EXPECT_EQ(kept().releases.back().substr(0, 2), "1 ");
    EXPECT_EQ(world.reason(newest()), "caller_hangup");
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, LateAcceptGetsTheReleaseOnceMoreAndNoCall) {
    first_call();
    phone->inside.accept.reset();
    auto& caller = call_in();
    world.run(2s);
    carrier->hang_up(caller);
    phone->say_inside(kept(), "accept", 1);  // crosses the release
    world.run(2s);
    EXPECT_TRUE(at_rest());
    EXPECT_THAT(kept().releases, testing::SizeIs(3));
    EXPECT_THAT(kept().releases.back(), StartsWith("1 "));
    EXPECT_FALSE(world.media.bridged());
    end_by_logout();
}

TEST_F(KeptConnection, AcceptOfACallThatNeverWasIsReleased) {
    first_call();
    phone->say_inside(kept(), "accept", 77);
    phone->say_inside(kept(), "leave", 77);
    phone->say_inside(kept(), "decline", 0);
    world.run(2s);
    EXPECT_THAT(kept().releases.back(), StartsWith("77 "));
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, NobodyAnswersAndTheClockOfBeforeGoesOn) {
    first_call();
    world.run(100s);
    phone->inside.accept.reset();
    call_in();
    world.run(35s);
    EXPECT_EQ(world.reason(newest()), "agent_no_answer");
    EXPECT_TRUE(at_rest());
    world.run(180s);
    EXPECT_EQ(kept().end, sip::EndCause::RemoteBye) << "five minutes after the last call that was one";
    world.expect_clean();
}

TEST_F(KeptConnection, PageThatIsLoadedAgainEndsItAtOnce) {
    first_call();
    phone->reload(std::string(kDomain), kServerEndpoint, "secret-alice");
    world.run(1s);
    EXPECT_TRUE(world.media.legs.empty());
    first_call();
    EXPECT_TRUE(at_rest()) << "the next call makes another one";
    end_by_logout();
}

TEST_F(KeptConnection, PageThatHasForgottenTheDialogIsInvitedAtOnceUnderTheSameRecord) {
    first_call();
    phone->forget();
    world.run(1s);
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(phone->legs.size(), 1U) << "its own INVITE";
    EXPECT_EQ(world.conversation(id).participants.at(0).communications.size(), 1U);
    EXPECT_EQ(world.media.legs.size(), 2U) << "the dead connection's media is gone";
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_TRUE(at_rest()) << "the new one is kept";
    phone->register_at(std::string(kDomain), kServerEndpoint, "secret-alice");
    world.run(1s);
    end_by_logout();
}

TEST_F(KeptConnection, PageThatDoesNotAnswerTheAlertIsInvitedWithinTwoSeconds) {
    first_call();
    world.network.filter = [](const auto&, const sip::Flow&, std::string_view message) {
        return !message.starts_with("INFO");
    };
    const auto id = world.place_call();
    world.run(1900ms);
    EXPECT_EQ(phone->legs.size(), 1U);
    world.run(3s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_TRUE(invited_afresh());
    world.network.filter = {};
    phone->hang_up(phone->last());
    world.expect_clean();
}

TEST_F(KeptConnection, LostConsentEndsItAtOnce) {
    first_call();
    world.media.events().on_media_failed(kept_media(), call::MediaFailure::ConsentLost);
    world.run(1s);
    EXPECT_TRUE(kept().ended);
    EXPECT_TRUE(world.media.legs.empty());
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_TRUE(invited_afresh());
    phone->hang_up(phone->last());
    world.expect_clean();
}

TEST_F(KeptConnection, ConsentLostWhileItAlertsLeadsToAnInvite) {
    first_call();
    phone->inside.accept.reset();
    const auto id = world.place_call();
    world.run(1s);
    EXPECT_EQ(kept().alerts, 1);
    world.media.events().on_media_failed(kept_media(), call::MediaFailure::ConsentLost);
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_TRUE(kept().ended);
    EXPECT_TRUE(invited_afresh());
    phone->hang_up(phone->last());
    world.expect_clean();
}

TEST_F(KeptConnection, ConsentLostInACallEndsTheCallAndNothingRests) {
    first_call();
    const auto id = world.place_call();
    world.run(5s);
    world.media.events().on_media_failed(kept_media(), call::MediaFailure::ConsentLost);
    world.run(2s);
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, LogOutEndsIt) {
    first_call();
    phone->unregister();
    world.run(2s);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, LogOutDuringACallLeavesTheCallAndEndsTheConnectionWithIt) {
    first_call();
    const auto id = world.place_call();
    world.run(5s);
    phone->unregister();
    world.run(2s);
    EXPECT_EQ(world.status(id), "connected");
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, PhoneThatDoesNotSayThatItTakesCallsInsideGetsByeEachTime) {
    world.add_phone(std::string(kAgent), "plain");
    world.remove(telephony::EntityType::Phone, "phone-alice");
    auto options = browser_options();
    options.takes_calls_inside = false;
    phone = &world.phone("plain", "10.0.1.2:5060", options);
    first_call();
    EXPECT_TRUE(kept().may_rest);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, SwitchedOffInTheSettingsNothingRests) {
    settings(false);
    phone->unregister();
    world.run(1s);
    phone->register_at(std::string(kDomain), kServerEndpoint, "secret-alice");
    world.run(1s);
    first_call();
    EXPECT_FALSE(kept().may_rest);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, SipPhoneGetsAFreshInviteEachTime) {
    world.remove(telephony::EntityType::Phone, "phone-alice");
    world.add_phone(std::string(kAgent), "desk");
    FarEnd::Options options;
    options.takes_calls_inside = true;
    phone = &world.phone("desk", "10.0.1.3:5060", options);
    first_call();
    EXPECT_TRUE(kept().ended);
    EXPECT_FALSE(kept().may_rest);
    world.expect_clean();
}

TEST_F(KeptConnection, CallThatEndsBeforeItsMediaStandsTakesTheConnectionAlong) {
    world.media.paths_come_up = false;
    const auto id = world.place_call();
    world.run(2s);
    carrier->hang_up(carrier->last());
    world.run(1s);
    EXPECT_TRUE(kept().ended);
    EXPECT_NE(world.status(id), "connected");
    world.expect_clean();
}

TEST_F(KeptConnection, SecondCallDuringTheFirstIsAnInviteBesideIt) {
    first_call();
    const auto one = world.place_call();
    world.run(5s);
    auto& caller = call_in();
    world.run(5s);
    EXPECT_TRUE(caller.answered);
    EXPECT_TRUE(invited_afresh());
    carrier->hang_up(caller);
    world.run(2s);
    EXPECT_TRUE(phone->last().ended) << "one connection for each log-in";
    EXPECT_EQ(world.status(one), "connected");
    EXPECT_FALSE(kept().ended);
    phone->say_inside(kept(), "leave", 1);
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, FirstPhoneToOpenWinsAndTheOtherOnesRingingEnds) {
    world.add_phone(std::string(kAgent), "desk");
    FarEnd& desk = world.phone("desk", "10.0.1.2:5060");
    desk.scripts[""].answer = 20s;
    first_call();
    const auto rang = desk.legs.size();
    call_in();
    world.run(5s);
    EXPECT_EQ(world.status(newest()), "connected");
    EXPECT_EQ(desk.legs.size(), rang + 1);
    EXPECT_EQ(desk.last().end, sip::EndCause::RemoteCancel);
    EXPECT_THAT(desk.last().end_reason, HasSubstr("cause=200"));
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, AnsweredElsewhereIsSaidInside) {
    first_call();
    world.add_phone(std::string(kAgent), "desk");
    FarEnd& desk = world.phone("desk", "10.0.1.2:5060");
    phone->inside.accept.reset();
    call_in();
    world.run(3s);
    EXPECT_EQ(world.status(newest()), "connected");
    EXPECT_TRUE(desk.last().answered);
    EXPECT_THAT(kept().releases.back(), AllOf(StartsWith("1 "), HasSubstr("cause=200")));
    phone->say_inside(kept(), "accept", 1);
    world.run(1s);
    EXPECT_EQ(world.status(newest()), "connected");
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, TransferRingsInsideTheTargetsConnectionAndLeavesTheTransferorsAtRest) {
    world.add_user("agent-2", "+15551230002");
    world.add_phone("agent-2", "bob");
    FarEnd& bob = world.phone("bob", "10.0.1.5:5060", browser_options());
    auto& to_bob = carrier->dial("+15551230002", kServerHost, kServerEndpoint);
    world.run(4s);
    carrier->hang_up(to_bob);
    world.run(2s);
    first_call();
    const auto id = world.place_call();
    world.run(4s);
    const telephony::TransferCall to{telephony::TransferTarget{.user = telephony::UserId("agent-2")}, false};
    ASSERT_TRUE(world.order(id, to).has_value());
    world.run(4s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(bob.legs.size(), 1U);
    EXPECT_EQ(bob.last().alerts, 1);
    EXPECT_THAT(bob.last().last_sdp, HasSubstr("a=sendrecv"));
    EXPECT_THAT(kept().last_sdp, HasSubstr("a=inactive"));
    EXPECT_FALSE(kept().ended);
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_EQ(world.media.legs.size(), 2U) << "both rest";
    bob.unregister();
    end_by_logout();
}

TEST_F(KeptConnection, QueueOffersTheSameConnectionTwiceInOneCall) {
    telephony::Queue queue;
    queue.id = telephony::QueueId("sales");
    queue.name = "Sales";
    queue.members = {telephony::UserId(std::string(kAgent))};
    world.put(queue);
    world.add_number("+15557770000", telephony::RoutingKind::Queue, "sales");
    first_call();
    phone->inside.decline = 486;
    auto& caller = carrier->dial("+15557770000", kServerHost, kServerEndpoint);
    world.run(2s);
    EXPECT_EQ(kept().alerts, 1);
    phone->inside = {};
    world.run(60s);
    EXPECT_GE(kept().alerts, 2);
    EXPECT_EQ(world.status(newest()), "connected");
    EXPECT_TRUE(both_hear());
    carrier->hang_up(caller);
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, OfferOfThePhoneAtRestIsAnsweredInactive) {
    first_call();
    phone->hold(kept(), sdp::Direction::SendRecv);
    world.run(1s);
    EXPECT_THAT(kept().last_sdp, HasSubstr("a=inactive"));
    first_call();
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, GlareWithThePhonesOwnOfferIsRepeated) {
    first_call();
    phone->inside.accept.reset();
    const auto id = world.place_call();
    world.run(1s);
    phone->say_inside(kept(), "accept", 1);
    phone->hold(kept(), sdp::Direction::SendRecv);
    world.run(10s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(phone->legs.size(), 1U);
    carrier->hang_up(carrier->last());
    world.run(10s);
    end_by_logout();
}

TEST_F(KeptConnection, MediaIsOpenWhileItRingsAndJoinedToNobody) {
    first_call();
    phone->inside.accept.reset();
    auto& caller = call_in();
    world.run(1s);
    EXPECT_THAT(kept().last_sdp, HasSubstr("a=sendrecv"));
    EXPECT_FALSE(world.media.bridged());
    EXPECT_FALSE(caller.answered);
    const auto offers = kept().offers;
    phone->say_inside(kept(), "accept", 1);
    world.run(20ms);
    EXPECT_TRUE(caller.answered) << "with the accept, and nothing else";
    EXPECT_EQ(kept().offers, offers);
    world.run(1s);
    EXPECT_TRUE(both_hear());
    carrier->hang_up(caller);
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, TakenBackWhileItsMediaOpens) {
    first_call();
    world.network.conditions.min_delay = world.network.conditions.max_delay = 200ms;
    phone->inside.accept.reset();
    auto& caller = call_in();
    world.run(450ms);
    EXPECT_EQ(kept().alerts, 1);
    carrier->hang_up(caller);
    world.run(5s);
    EXPECT_TRUE(at_rest());
    world.network.conditions = {};
    phone->inside = {};
    first_call();
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, AcceptedWhileInactiveIsStillUnderWay) {
    const auto id = world.place_call();
    world.run(5s);
    ASSERT_EQ(world.status(id), "connected");
    world.network.conditions.min_delay = world.network.conditions.max_delay = 400ms;
    phone->inside.accept = 1ms;
    carrier->hang_up(carrier->last());
    world.run(450ms);
    const auto next = world.place_call();
    world.run(10s);
    EXPECT_EQ(world.status(next), "connected");
    EXPECT_EQ(phone->legs.size(), 1U);
    EXPECT_THAT(kept().last_sdp, HasSubstr("a=sendrecv"));
    EXPECT_TRUE(both_hear()) << "its answer to `inactive` is no hold";
    EXPECT_FALSE(world.conversation(next).participants.at(0).communications.at(0).held);
    carrier->hang_up(carrier->last());
    world.run(5s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, MediaThatCannotBeOpenedLeadsToAnInviteWhileItRings) {
    first_call();
    phone->inside.accept.reset();
    kept().audio = std::make_unique<call::Negotiation>(sdp::Capabilities{}, sdp::LocalMedia{}, 1);  // takes nothing
    const auto id = world.place_call();
    world.run(10s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_TRUE(invited_afresh());
    EXPECT_TRUE(kept().ended);
    phone->hang_up(phone->last());
    world.expect_clean();
}

TEST_F(KeptConnection, GoesAlongWithAPhoneWhoseSocketComesBack) {
    first_call();
    sip::Target target{sip::TransportKind::Ws, kServerEndpoint, {}};
    world.network.cut(phone->node().open_flow(target));
    phone->reconnect();
    world.run(6s);
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(phone->legs.size(), 1U);
    carrier->hang_up(carrier->last());
    world.run(2s);
    EXPECT_TRUE(at_rest());
    end_by_logout();
}

TEST_F(KeptConnection, HeldAndMutedCallRestsAndTheNextOneIsFree) {
    first_call();
    const auto id = world.place_call();
    world.run(5s);
    ASSERT_TRUE(world.order(id, telephony::SetParty{.held = true, .muted = true, .confined = {}}).has_value());
    phone->hold(kept(), sdp::Direction::SendOnly);
    world.run(1s);
    carrier->hang_up(carrier->last());
    world.run(2s);
    kept().audio->set_direction(sdp::Direction::SendRecv);
    const auto next = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(next), "connected");
    EXPECT_FALSE(world.conversation(next).participants.at(0).communications.at(0).held);
    EXPECT_FALSE(world.media.legs.at(kept_media()).tone.has_value());
    carrier->hang_up(carrier->last());
    world.run(2s);
    end_by_logout();
}

TEST_F(KeptConnection, ServerThatStopsSaysByeToThoseAtRest) {
    first_call();
    bool stopped = false;
    world.shard->stop([&] { stopped = true; });
    world.run(1s);
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

TEST_F(KeptConnection, ServerThatDrainsKeepsNothing) {
    first_call();
    const auto id = world.place_call();
    world.run(5s);
    world.shard->drain();
    world.run(1s);
    EXPECT_EQ(world.status(id), "connected");
    carrier->hang_up(carrier->last());
    world.run(1s);
    EXPECT_TRUE(kept().ended);
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim
