/// What happens while a call is up: hold, glare, refreshes, digits, API commands, lost ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_world.hpp"

namespace dp::sim {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

signaling::ControlConfig with_session_timer(std::chrono::seconds interval) {
    signaling::ControlConfig config;
    config.session_timer.interval = interval;
    return config;
}

class InCall : public testing::Test {
protected:
    explicit InCall(signaling::ControlConfig config = {}) : world(1, std::move(config)) {
        world.add_phone(std::string(kAgent), "alice");
        world.add_trunk({});
        phone = &world.phone("alice", "10.0.1.1:5060");
        carrier = &world.carrier("10.0.9.1:5060");
        id = world.place_call();
        world.run(5s);
        EXPECT_EQ(world.status(id), "connected") << world.reason(id);
    }
    void end() {
        carrier->hang_up(carrier->last());
        world.expect_clean();
    }
    SimMedia::Leg& media_of(const FarEnd& end) {
        for (auto& [leg, media] : world.media.legs)
            if (media.audio && media.audio->remote_rtp && media.audio->remote_rtp->address == end_address(end))
                return media;
        ADD_FAILURE() << "no media leg";
        return world.media.legs.begin()->second;
    }
    static IpAddress end_address(const FarEnd& end) { return const_cast<FarEnd&>(end).node().address().address; }

    SimWorld world;
    FarEnd* phone = nullptr;
    FarEnd* carrier = nullptr;
    std::string id;
};

TEST_F(InCall, HoldIsAnsweredHereAndDoesNotCross) {
    phone->hold(phone->last(), sdp::Direction::SendOnly);
    world.run(1s);
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("a=recvonly"));
    EXPECT_EQ(carrier->last().offers, 0) << "carriers end calls on missing RTP: they are not told";
    EXPECT_EQ(media_of(*carrier).tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).held);
    phone->hold(phone->last(), sdp::Direction::SendRecv);
    world.run(1s);
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("a=sendrecv"));
    EXPECT_FALSE(media_of(*carrier).tone.has_value());
    EXPECT_FALSE(world.conversation(id).participants.at(0).communications.at(0).held);
    end();
}

TEST_F(InCall, HoldByOldAddressAndByInactive) {
    phone->hold(phone->last(), sdp::Direction::Inactive);
    world.run(1s);
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("a=inactive"));
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).held);
    end();
}

TEST_F(InCall, BothHoldingAtOnceAreBothHeld) {
    phone->hold(phone->last(), sdp::Direction::SendOnly);
    carrier->hold(carrier->last(), sdp::Direction::SendOnly);
    world.run(5s);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).held);
    EXPECT_TRUE(world.conversation(id).participants.at(1).communications.at(0).held);
    end();
}

TEST_F(InCall, OfferlessReinviteGetsOurFullOffer) {
    ASSERT_TRUE(phone->agent().find(phone->last().session)->request_offer().has_value());
    world.run(1s);
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("PCMA"));
    EXPECT_THAT(phone->last().last_sdp, HasSubstr("a=sendrecv"));
    EXPECT_EQ(world.status(id), "connected");
    end();
}

TEST_F(InCall, OfferWithoutAnyCodecOfOursIs488AndTheCallGoesOn) {
    auto* session = phone->agent().find(phone->last().session);
    (void)session->offer(
        {"application/sdp",
         "v=0\r\no=- 9 9 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96\r\n"
         "a=rtpmap:96 SPEEX/16000\r\n"});
    world.run(1s);
    EXPECT_EQ(phone->last_offer_failure, 488);
    EXPECT_EQ(world.status(id), "connected");
    phone->hold(phone->last(), sdp::Direction::SendOnly);
    world.run(1s);
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).held);
    end();
}

TEST_F(InCall, InfoDigitGoesOnAsTelephoneEvent) {
    phone->send_info(phone->last(), "Signal=5\r\nDuration=160\r\n");
    world.run(1s);
    EXPECT_EQ(media_of(*carrier).digits, "5");
    end();
}

TEST_F(InCall, TelephoneEventGoesOnAsInfoToALegWithout) {
    call::LegId from, to;
    for (auto& [leg, media] : world.media.legs) {
        const bool carriers = media.audio->remote_rtp->address == end_address(*carrier);
        (carriers ? to : from) = leg;
    }
    // A description without telephone-event from the carrier.
    auto* session = carrier->agent().find(carrier->last().session);
    (void)session->offer(
        {"application/sdp",
         "v=0\r\no=- 9 9 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"});
    world.run(1s);
    world.media.events().on_media_digit(from, '7', 100ms);
    world.run(1s);
    EXPECT_EQ(carrier->last().digits, "7");
    end();
}

TEST_F(InCall, ApiHoldMuteDigits) {
    EXPECT_TRUE(world.order(id, telephony::SetParty{.held = true}).has_value());
    EXPECT_EQ(media_of(*phone).tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).held);
    EXPECT_TRUE(world.order(id, telephony::SetParty{.held = false}).has_value());
    EXPECT_FALSE(media_of(*phone).tone.has_value());
    EXPECT_TRUE(world.order(id, telephony::SetParty{.muted = true}).has_value());
    EXPECT_EQ(media_of(*carrier).tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).muted);
    EXPECT_TRUE(world.order(id, telephony::SetParty{.muted = false}).has_value());
    EXPECT_TRUE(world.order(id, telephony::SendDigits{"12#"}).has_value());
    EXPECT_EQ(media_of(*carrier).digits, "12#");
    EXPECT_EQ(world.order(id, telephony::SendDigits{"x"}).error().code, ErrorCode::InvalidValue);
    end();
}

TEST_F(InCall, EitherPartyCanBeHeldAndMutedAndHoldsOutliveEachOther) {
    const auto& parties = world.conversation(id).participants;
    const std::string agent = parties.at(0).id.str(), customer = parties.at(1).id.str();
    const auto leg = [&](std::size_t party) {
        return world.conversation(id).participants.at(party).communications.at(0);
    };
    EXPECT_TRUE(world.order(id, telephony::SetParty{.muted = true}, customer).has_value());
    EXPECT_EQ(media_of(*phone).tone, call::Tone::Kind::Silence) << "the agent does not hear who is muted";
    EXPECT_FALSE(media_of(*carrier).tone.has_value());
    EXPECT_TRUE(leg(1).muted);
    EXPECT_FALSE(leg(0).muted);
    EXPECT_TRUE(world.order(id, telephony::SetParty{.held = true, .muted = true}, agent).has_value());
    EXPECT_TRUE(world.order(id, telephony::SetParty{.held = false}, agent).has_value());
    EXPECT_EQ(media_of(*carrier).tone, call::Tone::Kind::Silence) << "still muted";
    EXPECT_TRUE(world.order(id, telephony::SetParty{.muted = false}, agent).has_value());
    EXPECT_FALSE(media_of(*carrier).tone.has_value());
    EXPECT_EQ(media_of(*phone).tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(world.order(id, telephony::SetParty{.muted = false, .confined = true}, customer).has_value());
    EXPECT_EQ(media_of(*carrier).tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(leg(1).confined);
    end();
}

// The phone resumes by itself what the API holds: the API's hold stays.
TEST_F(InCall, AHoldByThePhoneAndOneByTheApiAreTwo) {
    EXPECT_TRUE(world.order(id, telephony::SetParty{.held = true}).has_value());
    phone->hold(phone->last(), sdp::Direction::SendOnly);
    world.run(1s);
    phone->hold(phone->last(), sdp::Direction::SendRecv);
    world.run(1s);
    EXPECT_EQ(media_of(*carrier).tone, call::Tone::Kind::Silence);
    EXPECT_TRUE(world.conversation(id).participants.at(0).communications.at(0).held);
    EXPECT_TRUE(world.order(id, telephony::SetParty{.held = false}).has_value());
    EXPECT_FALSE(media_of(*carrier).tone.has_value());
    EXPECT_FALSE(world.conversation(id).participants.at(0).communications.at(0).held);
    end();
}

TEST_F(InCall, AnOrderForNobodyInTheCallIsNotFound) {
    EXPECT_EQ(world.order(id, telephony::SetParty{.held = true}, "nobody").error().code, ErrorCode::NotFound);
    std::optional<Result<void>> answer;
    world.shard->command({world.organization, telephony::ConversationId(id), telephony::SetParty{.held = true},
                          world.conversation(id).participants.at(0).id, telephony::CommunicationId("another")},
                         world.api, [&](Result<void> result) { answer = std::move(result); });
    world.run(100ms);
    EXPECT_EQ(answer->error().code, ErrorCode::NotFound);
    end();
}

TEST_F(InCall, APartyThatLeavesEndsTheCall) {
    EXPECT_TRUE(
        world.order(id, telephony::LeaveCall{}, world.conversation(id).participants.at(1).id.str()).has_value());
    world.run(1s);
    EXPECT_EQ(world.reason(id), "api_disconnect");
    world.expect_clean();
}

TEST_F(InCall, CommandForAnotherOrganizationsCallIsNotFound) {
    std::optional<Result<void>> answer;
    world.shard->command({telephony::OrganizationId("other"), telephony::ConversationId(id), telephony::EndCall{}},
                         world.api, [&](Result<void> result) { answer = std::move(result); });
    world.run(100ms);
    EXPECT_EQ(answer->error().code, ErrorCode::NotFound);
    EXPECT_EQ(world.status(id), "connected");
    end();
}

TEST_F(InCall, MediaFailureEndsTheCallAndOneWayIsAWarning) {
    const call::LegId leg = world.media.legs.begin()->first;
    world.media.events().on_one_way(leg);
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationMediaWarning), 1U);
    const auto warning =
        std::ranges::find(world.sink.events, telephony::event_type::kConversationMediaWarning, &telephony::Event::type);
    EXPECT_EQ(telephony::payload_field(warning->payload, "warning"), "no_audio");
    EXPECT_EQ(telephony::payload_field(warning->payload, "party"), "agent") << "the first leg is the agent's";
    world.media.events().on_media_timeout(leg);
    world.run(1s);
    EXPECT_EQ(world.reason(id), "media_timeout");
    EXPECT_EQ(world.status(id), "disconnected") << "it had been connected";
    world.expect_clean();
}

TEST_F(InCall, BothEndsHangingUpAtOnceEndItOnce) {
    phone->hang_up(phone->last());
    carrier->hang_up(carrier->last());
    world.expect_clean();
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), 1U);
}

TEST_F(InCall, LongestCallEnds) {
    world.run(12h);
    EXPECT_EQ(world.reason(id), "duration_limit");
    world.expect_clean();
}

TEST_F(InCall, StoppingEndsCallsWithServerShutdown) {
    bool stopped = false;
    world.shard->stop([&] { stopped = true; });
    world.run(3s);
    EXPECT_TRUE(stopped);
    EXPECT_EQ(world.reason(id), "server_shutdown");
    world.expect_clean();
}

TEST_F(InCall, DrainingRefusesNewCallsAndKeepsThisOne) {
    world.shard->drain();
    world.run(1s);
    EXPECT_EQ(world.status(id), "connected");
    auto& leg = carrier->dial(std::string(kCallerId), "10.0.0.1", *Endpoint::parse(kServer));
    world.run(1s);
    EXPECT_EQ(leg.end_status, 503);
    carrier->hang_up(carrier->legs.front());
    world.expect_clean();
}

// RFC 4028
// -----------------------------------------------------------------------------------------------------------------

class Refreshes : public InCall {
protected:
    Refreshes() : InCall(with_session_timer(90s)) {
        world.network.filter = [this](const auto& from, const sip::Flow& flow, std::string_view message) {
            const bool ours = from.address() == *Endpoint::parse(kServer);
            if (ours && message.starts_with("UPDATE ")) ++updates[flow.remote];
            if (ours && message.starts_with("INVITE ")) ++reinvites[flow.remote];
            return !(ours && lose_to == flow.remote &&
                     (message.starts_with("UPDATE ") || message.starts_with("INVITE ")));
        };
    }
    int updates_to(FarEnd& end) { return updates[end.node().address()]; }
    int reinvites_to(FarEnd& end) { return reinvites[end.node().address()]; }
    std::map<Endpoint, int> updates, reinvites;
    Endpoint lose_to;
};

TEST_F(Refreshes, TenMinutesByUpdate) {
    world.run(10min);
    EXPECT_EQ(world.status(id), "connected");
    EXPECT_GE(updates_to(*phone), 12);
    EXPECT_GE(updates_to(*carrier), 12);
    end();
}

TEST_F(Refreshes, TenMinutesByReinviteWithTheSameOrigin) {
    end();
    world.rewrite = [](std::string& message) {
        if (const auto at = message.find("UPDATE, "); at != std::string::npos && message.find("Allow:") < at)
            message.erase(at, 8);
        if (const auto at = message.find(", UPDATE"); at != std::string::npos && message.find("Allow:") < at)
            message.erase(at, 8);
    };
    reinvites.clear();
    const auto again = world.place_call();
    world.run(5s);
    ASSERT_EQ(world.status(again), "connected");
    const std::string first_sdp = carrier->last().last_sdp;
    world.run(10min);
    EXPECT_EQ(world.status(again), "connected");
    EXPECT_GE(reinvites_to(*phone), 13);
    EXPECT_GE(reinvites_to(*carrier), 13);
    EXPECT_EQ(updates_to(*carrier), 0);
    const auto origin = [](const std::string& sdp) {
        return sdp.substr(sdp.find("o="), sdp.find("\r\n", sdp.find("o=")) - sdp.find("o="));
    };
    EXPECT_EQ(origin(carrier->last().last_sdp), origin(first_sdp));
    end();
}

TEST_F(Refreshes, RefreshAnsweredWith408EndsTheCall) {
    world.rewrite = [](std::string& message) {
        constexpr std::string_view kGood = "SIP/2.0 200 OK";
        if (message.starts_with(kGood) && message.find(" UPDATE\r\n") != std::string::npos)
            message.replace(0, kGood.size(), "SIP/2.0 408 Request Timeout");
    };
    world.run(50s);
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_EQ(world.reason(id), "transport_error");
    EXPECT_TRUE(phone->last().ended);
    EXPECT_TRUE(carrier->last().ended);
    world.rewrite = {};
    world.expect_clean();
}

TEST_F(Refreshes, LostRefreshesEndTheCallFromTheOtherEnd) {
    lose_to = carrier->node().address();
    world.run(2min);
    EXPECT_EQ(world.status(id), "disconnected");
    EXPECT_EQ(phone->last().end, sip::EndCause::RemoteBye);
    world.run(2min);
}

TEST_F(Refreshes, PeerThatStopsRefreshingEndsTheCall) {
    end();
    FarEnd::Options options;
    options.session_timer.interval = 90s;
    world.add_trunk({.id = "trunk-b", .host = "10.0.9.3"});
    world.run(10ms);
    FarEnd& caller = world.carrier("10.0.9.3:5060", options);
    auto& leg = caller.dial(std::string(kCallerId), "10.0.0.1", *Endpoint::parse(kServer));
    world.run(5s);
    ASSERT_TRUE(leg.answered);
    caller.node().reachable = false;
    world.run(3min);
    for (const auto& [conversation, versions] : world.sink.versions)
        EXPECT_TRUE(telephony::is_final(versions.back()->status)) << conversation;
    EXPECT_EQ(phone->live_legs(), 0U);
}

// Loss and reordering
// -------------------------------------------------------------------------------------------------------

class Lossy : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Lossy, EveryCallEndsOnceAndNothingIsLeft) {
    SimWorld world(GetParam());
    world.add_phone(std::string(kAgent), "alice");
    world.add_trunk({.id = "trunk-a", .host = "10.0.9.1", .gateways = {"10.0.9.1", "10.0.9.2"}});
    FarEnd& phone = world.phone("alice", "10.0.1.1:5060");
    FarEnd& first = world.carrier("10.0.9.1:5060");
    FarEnd& second = world.carrier("10.0.9.2:5060");
    world.network.conditions = {.loss_percent = 15, .duplicate_percent = 10, .min_delay = 2ms, .max_delay = 250ms};
    SeededRandom random(GetParam());
    for (FarEnd* end : {&first, &second}) {
        end->scripts[""].answer = std::chrono::milliseconds(random.between(50, 4000));
        end->scripts[""].early_media = std::chrono::milliseconds(random.between(60, 900));
        if (random.between(0, 3) == 0) end->scripts[""].reject = 503;
    }
    std::vector<std::string> calls;
    for (int i = 0; i < 8; ++i) {
        calls.push_back(world.place_call());
        world.run(std::chrono::milliseconds(random.between(0, 6000)));
        switch (random.between(0, 4)) {
            case 0:
                (void)world.order(calls.back(), telephony::EndCall{});
                break;
            case 1:
                if (!phone.legs.empty()) phone.hang_up(phone.last());
                break;
            case 2:
                if (!first.legs.empty()) first.hang_up(first.last());
                break;
            case 3:
                if (!phone.legs.empty()) phone.hold(phone.last(), sdp::Direction::SendOnly);
                break;
            default:
                break;
        }
    }
    world.run(20s);
    for (const auto& call : calls) (void)world.order(call, telephony::EndCall{});
    world.run(3min);
    EXPECT_EQ(world.shard->active_calls(), 0U);
    EXPECT_EQ(world.media.legs.size(), 0U);
    EXPECT_EQ(world.shard->signaling_stats().sessions, 0U);
    EXPECT_EQ(world.sink.count(telephony::event_type::kConversationEnded), calls.size());
    for (const auto& trunk : world.trunks.all()) EXPECT_EQ(trunk->sessions, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Lossy, testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace dp::sim
