/// Calls placed through the API on behalf of an agent, over two real SIP stacks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "sim/sim_world.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Outbound : public testing::Test {
protected:
    Outbound() {
        world.add_phone(std::string(kAgent), "alice");
        world.add_trunk({});
        phone = &world.phone("alice", "10.0.1.1:5060");
        carrier = &world.carrier("10.0.9.1:5060");
    }
    /// A call up and connected.
    std::string connected_call() {
        const auto id = world.place_call();
        world.run(5s);
        EXPECT_EQ(world.status(id), "connected") << world.reason(id);
        return id;
    }
    SimWorld world;
    FarEnd* phone = nullptr;
    FarEnd* carrier = nullptr;
};

TEST_F(Outbound, AgentAnswersDestinationAnswersAndBothMediaPathsStand) {
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_THAT(world.statuses(id), ElementsAre("queued", "initiated", "ringing", "connected"));
    EXPECT_TRUE(world.media.bridged());
    ASSERT_EQ(carrier->legs.size(), 1U);
    EXPECT_EQ(carrier->last().called, kDestination);
    EXPECT_THAT(carrier->last().from, HasSubstr(std::string(kCallerId)));
    EXPECT_THAT(carrier->last().asserted, HasSubstr(std::string(kCallerId)));
    EXPECT_EQ(carrier->last().conversation, "") << "our own headers stay inside";
    EXPECT_EQ(phone->last().conversation, id);
    EXPECT_THAT(phone->last().from, HasSubstr(std::string(kDestination)));
    phone->hang_up(phone->last());
    world.expect_clean();
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_EQ(world.reason(id), "agent_hangup");
}

TEST_F(Outbound, DestinationHangingUpEndsBoth) {
    const auto id = connected_call();
    carrier->hang_up(carrier->last());
    world.expect_clean();
    EXPECT_EQ(world.reason(id), "remote_hangup");
    EXPECT_EQ(phone->last().end, sip::EndCause::RemoteBye);
}

TEST_F(Outbound, ApiDisconnectEndsBothAndIsAnsweredAfterTheRecordIsPublished) {
    const auto id = connected_call();
    EXPECT_TRUE(world.order(id, telephony::EndCall{}).has_value());
    EXPECT_EQ(world.reason(id), "api_disconnect");
    world.expect_clean();
    EXPECT_EQ(world.order(id, telephony::EndCall{}).error().code, ErrorCode::NotFound);
}

struct FinalAnswer {
    int status;
    const char* reason_header;
    const char* reason;
};
class CarrierRefuses : public Outbound, public testing::WithParamInterface<FinalAnswer> {};

TEST_P(CarrierRefuses, EndsTheCallWithItsReason) {
    carrier->scripts[""].reject = GetParam().status;
    carrier->scripts[""].reason = GetParam().reason_header;
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_EQ(world.reason(id), GetParam().reason);
    EXPECT_EQ(world.conversation(id).termination->sip_status, GetParam().status);
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), 1U);
    world.expect_clean();
}

INSTANTIATE_TEST_SUITE_P(Answers, CarrierRefuses,
                         testing::Values(FinalAnswer{486, "", "busy"}, FinalAnswer{600, "", "busy"},
                                         FinalAnswer{404, "", "number_not_found"},
                                         FinalAnswer{484, "", "number_not_found"}, FinalAnswer{403, "", "rejected"},
                                         FinalAnswer{603, "", "rejected"}, FinalAnswer{480, "", "no_answer"},
                                         FinalAnswer{488, "", "incompatible_media"},
                                         FinalAnswer{503, "", "trunk_failed"}, FinalAnswer{500, "", "trunk_failed"},
                                         FinalAnswer{503, "Q.850;cause=17", "busy"}));

TEST_F(Outbound, NoAnswerEndsAtTheRingLimitAndCancels) {
    carrier->scripts[""].answer.reset();
    const auto id = world.place_call();
    world.run(30s);
    EXPECT_EQ(world.status(id), "ringing");
    world.run(40s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_EQ(world.reason(id), "no_answer");
    EXPECT_EQ(carrier->last().end, sip::EndCause::RemoteCancel);
    world.expect_clean();
}

TEST_F(Outbound, SilentCarrierFailsWithinTheBudget) {
    carrier->scripts[""].silent = true;
    carrier->node().reachable = false;
    const auto id = world.place_call();
    world.run(22s);
    EXPECT_EQ(world.reason(id), "trunk_failed");
    EXPECT_EQ(world.status(id), "failed");
}

TEST_F(Outbound, AgentWithoutRegisteredPhoneFailsBeforeAnythingRings) {
    world.add_user("agent-2", "+15550002222");
    world.remove(telephony::EntityType::Phone, "phone-alice");
    world.run(100ms);
    const auto id = world.place_call();
    world.run(1s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_EQ(world.reason(id), "agent_unreachable");
    EXPECT_TRUE(carrier->legs.empty());
}

TEST_F(Outbound, AgentNotAnsweringEndsAtTheSitesRingLimit) {
    phone->scripts[""].answer.reset();
    const auto id = world.place_call();
    world.run(29s);
    EXPECT_EQ(world.status(id), "ringing");
    world.run(3s);
    EXPECT_EQ(world.reason(id), "agent_no_answer");
    EXPECT_EQ(phone->last().end, sip::EndCause::RemoteCancel);
    EXPECT_TRUE(carrier->legs.empty());
    world.expect_clean();
}

TEST_F(Outbound, AgentDeclining) {
    phone->scripts[""].reject = 603;
    const auto id = world.place_call();
    world.run(2s);
    EXPECT_EQ(world.reason(id), "agent_declined");
    world.expect_clean();
}

TEST_F(Outbound, NoUsableTrunkFailsBeforeAnythingRings) {
    telephony::Trunk trunk = *world.config().trunk(telephony::TrunkId("trunk-a"));
    trunk.enabled = false;
    world.put(trunk);
    world.run(100ms);
    const auto id = world.place_call();
    world.run(1s);
    EXPECT_EQ(world.reason(id), "no_trunk_available");
    EXPECT_TRUE(phone->legs.empty());
}

TEST_F(Outbound, AgentHangingUpWhileTheDestinationRingsIsADisconnect) {
    carrier->scripts[""].answer = 10s;
    const auto id = world.place_call();
    world.run(3s);
    phone->hang_up(phone->last());
    world.run(1s);
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_EQ(world.reason(id), "caller_hangup");
    EXPECT_EQ(carrier->last().end, sip::EndCause::RemoteCancel);
    world.expect_clean();
}

TEST_F(Outbound, AnAgentsBrowserThatFindsNoMediaPathIsAFailureAndNoHangUp) {
    carrier->scripts[""].answer.reset();
    const auto id = world.place_call();
    world.run(2s);
    ASSERT_TRUE(phone->last().answered);
    phone->agent().find(phone->last().session)->hang_up("SIP ;cause=408; text=\"RTP Timeout\"");  // as JsSIP has it
    world.expect_clean();
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_EQ(world.reason(id), "media_timeout");
    EXPECT_EQ(carrier->last().end, sip::EndCause::RemoteCancel);
}

TEST_F(Outbound, ApiCancelWhileTheAgentRingsCancelsThePhone) {
    phone->scripts[""].answer = 10s;
    const auto id = world.place_call();
    world.run(1s);
    EXPECT_TRUE(world.order(id, telephony::EndCall{}).has_value());
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_EQ(world.reason(id), "cancelled");
    world.expect_clean();
    EXPECT_EQ(phone->last().end, sip::EndCause::RemoteCancel);
}

TEST_F(Outbound, RingbackUntilEarlyMediaThenTheCarriersVoice) {
    carrier->scripts[""].early_media = 400ms;
    carrier->scripts[""].answer = 3s;
    const auto id = world.place_call();
    world.run(700ms);
    EXPECT_THAT(world.media.history, ElementsAre("ringback"));
    world.run(1s);
    EXPECT_TRUE(world.media.bridged());
    EXPECT_EQ(world.status(id), "ringing");
    world.run(4s);
    EXPECT_EQ(world.status(id), "connected");
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(Outbound, FailureAfterEarlyMediaIsFinal) {
    world.add_trunk({.id = "trunk-b", .host = "10.0.9.2"});
    world.run(100ms);
    FarEnd& second = world.carrier("10.0.9.2:5060");
    carrier->scripts[""].early_media = 100ms;
    carrier->scripts[""].reject = 503;
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_TRUE(second.legs.empty()) << "the caller has heard it";
    world.expect_clean();
}

TEST_F(Outbound, ServiceUnavailableGoesToTheNextTrunkAndIsRecorded) {
    world.add_trunk({.id = "trunk-b", .host = "10.0.9.2"});
    world.run(100ms);
    FarEnd& second = world.carrier("10.0.9.2:5060");
    carrier->scripts[""].reject = 503;
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(second.legs.size(), 1U);
    const auto& legs = world.conversation(id).participants.at(1).communications;
    ASSERT_EQ(legs.size(), 2U);
    EXPECT_EQ(legs[0].trunk.str(), "trunk-a");
    EXPECT_EQ(legs[0].termination->sip_status, 503);
    EXPECT_EQ(legs[1].trunk.str(), "trunk-b");
    second.hang_up(second.last());
    world.expect_clean();
}

/// The static payload types of the audio line of every INVITE to `carrier`, in order.
std::vector<std::string> offers_to(SimWorld& world, const FarEnd& carrier, const std::function<void()>& act) {
    std::vector<std::string> offers;
    world.network.filter = [&](const auto&, const sip::Flow& flow, std::string_view message) {
        if (flow.remote != carrier.node().address() || !message.starts_with("INVITE")) return true;
        const auto line = message.substr(message.find("m=audio"));
        std::string offer;
        std::istringstream words(std::string(line.substr(0, line.find("\r\n"))));
        for (std::string word; words >> word;)
            if (word == "0" || word == "8" || word == "9" || word == "18") offer += (offer.empty() ? "" : " ") + word;
        offers.push_back(offer);
        return true;
    };
    act();
    world.network.filter = {};
    return offers;
}

TEST_F(Outbound, ATrunkIsOfferedItsOwnCodecsAndNoOthers) {
    const auto offered_with = [&](std::vector<telephony::Codec> codecs) {
        world.add_trunk({.codecs = std::move(codecs)});
        world.run(100ms);
        const auto offers = offers_to(world, *carrier, [&] { connected_call(); });
        carrier->hang_up(carrier->last());
        world.run(1s);
        return offers;
    };
    EXPECT_THAT(offered_with({telephony::Codec::Pcma}), ElementsAre("8"));
    EXPECT_THAT(offered_with({telephony::Codec::Pcma, telephony::Codec::Pcmu}), ElementsAre("0 8"))
        << "what the agent's phone has agreed on comes first";
    EXPECT_THAT(offered_with({}), ElementsAre("0 8")) << "the profile's; G.729 cannot be made here";
    world.expect_clean();
}

TEST_F(Outbound, ARefusedOfferIsMadeOnceMoreWithOneCodecThenOnTheNextTrunk) {
    world.add_trunk({.id = "trunk-b", .host = "10.0.9.2"});
    world.run(100ms);
    FarEnd& second = world.carrier("10.0.9.2:5060");
    carrier->scripts[""].reject = 488;
    const auto offers = offers_to(world, *carrier, [&] { connected_call(); });
    EXPECT_THAT(offers, ElementsAre("0 8", "0"));
    EXPECT_EQ(second.legs.size(), 1U);
    second.hang_up(second.last());
    world.expect_clean();
}

TEST_F(Outbound, BusyIsNeverTriedElsewhere) {
    world.add_trunk({.id = "trunk-b", .host = "10.0.9.2"});
    world.run(100ms);
    FarEnd& second = world.carrier("10.0.9.2:5060");
    carrier->scripts[""].reject = 486;
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.reason(id), "busy");
    EXPECT_TRUE(second.legs.empty());
    world.expect_clean();
}

TEST_F(Outbound, SilentGatewayIsLeftForTheNextOneWithinSeconds) {
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .gateways = {"10.0.9.8", "10.0.9.1"}});
    world.run(100ms);
    const auto id = world.place_call();
    world.run(8s);
    EXPECT_EQ(world.status(id), "connected");
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(Outbound, TrunkAtItsLimitIsNotUsed) {
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .max_sessions = 1});
    world.run(100ms);
    connected_call();
    const auto second = world.place_call();
    world.run(1s);
    EXPECT_EQ(world.reason(second), "no_trunk_available");
    carrier->hang_up(carrier->legs.front());
    world.expect_clean();
}

TEST_F(Outbound, AutoAnswerHeadersGoOutWhereAskedFor) {
    world.place_call(std::string(kDestination), call::AnswerMode::Automatic);
    world.run(1s);
    EXPECT_THAT(phone->last().call_info, HasSubstr("answer-after=0"));
    world.run(3s);
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(Outbound, AllContactsRingFirstAnswerWinsOthersAreToldWhy) {
    FarEnd& desk = world.phone("alice", "10.0.1.2:5060");
    desk.scripts[""].answer = 5s;
    const auto id = world.place_call();
    world.run(4s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(desk.last().end, sip::EndCause::RemoteCancel);
    EXPECT_THAT(desk.last().end_reason, HasSubstr("cause=200"));
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(Outbound, TwoPhonesAnsweringAtOnceLeaveOneCall) {
    FarEnd& desk = world.phone("alice", "10.0.1.2:5060");
    const auto id = world.place_call();
    world.run(4s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_EQ(phone->live_legs() + desk.live_legs(), 1U);
    carrier->hang_up(carrier->last());
    world.expect_clean();
}

TEST_F(Outbound, DestinationFirstBySite) {
    world.edit_site([](telephony::Site& site) { site.dial_order = telephony::DialOrder::DestinationFirst; });
    world.run(50ms);
    phone->scripts[""].answer = 1s;
    const auto id = world.place_call();
    world.run(300ms);
    EXPECT_EQ(carrier->legs.size(), 1U);
    EXPECT_TRUE(phone->legs.empty());
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    phone->hang_up(phone->last());
    world.expect_clean();
}

class BrowserAgent : public Outbound {
protected:
    /// The agent's only phone is a browser that takes the first of `codecs` that it is offered.
    void register_browser(std::vector<sdp::Codec> codecs) {
        world.remove(telephony::EntityType::Phone, "phone-alice");
        world.add_phone(std::string(kAgent), "webby");
        world.run(10ms);
        FarEnd::Options options;
        options.media = call::MediaTransport::Webrtc;
        options.transport = sip::TransportKind::Ws;
        options.codecs = std::move(codecs);
        browser = &world.phone("webby", "10.0.1.9:5060", options);
    }
    std::string call_from_browser(std::vector<sdp::Codec> codecs) {
        register_browser(std::move(codecs));
        const auto id = world.place_call();
        world.run(5s);
        EXPECT_EQ(world.status(id), "connected");
        return id;
    }
    telephony::Codec codec_of(const std::string& id, std::size_t participant) {
        return world.conversation(id).participants.at(participant).communications.at(0).codec.value();
    }
    FarEnd* browser = nullptr;
};

TEST_F(BrowserAgent, TheTrunksCodecsStandFirstInTheOfferSoThatNothingIsTranscoded) {
    const auto id = call_from_browser({sdp::Codec::Pcmu, sdp::Codec::Opus});
    EXPECT_LT(browser->last().last_sdp.find("PCMU"), browser->last().last_sdp.find("opus"));
    EXPECT_EQ(codec_of(id, 0), telephony::Codec::Pcmu);
    EXPECT_EQ(codec_of(id, 1), telephony::Codec::Pcmu);
    EXPECT_THAT(browser->last().last_sdp, HasSubstr("UDP/TLS/RTP/SAVPF"));
    browser->hang_up(browser->last());
    world.expect_clean();
}

TEST_F(BrowserAgent, WhereNothingIsCommonTheLegsDiffer) {
    const auto id = call_from_browser({sdp::Codec::Opus});
    EXPECT_EQ(codec_of(id, 0), telephony::Codec::Opus);
    EXPECT_EQ(codec_of(id, 1), telephony::Codec::Pcmu);
    browser->hang_up(browser->last());
    world.expect_clean();
}

/// RFC 8839 section 6.1.1: 183 with the description, ICE and DTLS, then 180.
TEST_F(BrowserAgent, APhoneThatMakesItsMediaPathFirstRingsWhenItSaysSo) {
    register_browser({sdp::Codec::Opus});
    Script& script = browser->scripts[""];
    script.early_media = 50ms;
    script.ring = 600ms;
    script.answer = 900ms;
    const auto id = world.place_call();
    world.run(500ms);
    EXPECT_EQ(world.status(id), "initiated");
    ASSERT_EQ(world.media.legs.size(), 1u);
    EXPECT_TRUE(world.media.legs.begin()->second.path_up);
    world.run(200ms);
    EXPECT_EQ(world.status(id), "ringing");
    EXPECT_FALSE(browser->last().answered);
    world.run(3s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_TRUE(world.media.bridged());
    browser->hang_up(browser->last());
    world.expect_clean();
}

TEST_F(Outbound, ConnectedOnlyWhenBothMediaPathsStand) {
    world.media.paths_come_up = false;
    const auto id = world.place_call();
    world.run(10s);
    EXPECT_EQ(world.status(id), "ringing");
    world.run(10s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_EQ(world.reason(id), "media_timeout");
    world.expect_clean();
}

TEST_F(Outbound, OutOfMediaPortsIsOverloaded) {
    world.media.capacity = 1;
    const auto id = world.place_call();
    world.run(5s);
    EXPECT_EQ(world.status(id), "failed");
    EXPECT_EQ(world.reason(id), "overloaded");
    world.media.capacity = 1000;
    world.expect_clean();
}

}  // namespace
}  // namespace dp::sim
