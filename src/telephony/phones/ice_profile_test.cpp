#include "telephony/phones/ice_profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telephony/phones/registration_permit.hpp"
#include "telephony/phones/turn_credential.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

using ::testing::ElementsAre;
using testing::Example;
using testing::example_time;
using testing::FixedSecrets;
using testing::kAgent48291;

const NetworkConfigurationId kNetwork("web-rtc-nat-config-01");

class IceProfiles : public ::testing::Test {
protected:
    void network(const std::function<void(NetworkConfiguration&)>& change) {
        example.change<NetworkConfiguration>(kNetwork, change);
    }
    void settings(const std::function<void(UserTelephonySettings&)>& change) {
        example.change<UserTelephonySettings>(kAgent48291, change);
    }
    std::vector<std::string> given() const {
        std::vector<std::string> out;
        const auto profile = ice_profile_of(example.config(), kAgent48291);
        for (const auto& server : browser_ice_servers(profile, secrets, kAgent48291, example_time()))
            out.push_back(server.uri);
        return out;
    }
    void give_secret(NetworkConfiguration& network) const {
        network.turn_secret = secrets.seal("north-wind", turn_secret_context(network.id));
    }
    Example example;
    FixedSecrets secrets;
};

TEST(IceServerUri, TakesWhatTheTwoRfcsAllow) {
    const auto normal = [](std::string_view text) {
        const auto uri = parse_ice_server_uri(text);
        return uri ? uri->str() : std::string("refused");
    };
    EXPECT_EQ(normal("stun:stun.l.google.com:19302"), "stun:stun.l.google.com:19302");
    EXPECT_EQ(normal("STUN:host"), "stun:host:3478");
    EXPECT_EQ(normal("stuns:host"), "stuns:host:5349");
    EXPECT_EQ(normal("turn:192.0.2.1?transport=tcp"), "turn:192.0.2.1:3478?transport=tcp");
    EXPECT_EQ(normal("turn:[2001:db8::1]:80"), "turn:[2001:db8::1]:80?transport=udp");
    EXPECT_EQ(normal("turns:host:443?transport=tcp"), "turns:host:443?transport=tcp");
    for (const char* bad : {"stun",
                            "stun:",
                            "http:host",
                            "stun://host",
                            "stun:host:0",
                            "stun:host:65536",
                            "stun:host:",
                            "stun:host:x",
                            "stun:host?transport=udp",
                            "turn:host?transport=sctp",
                            "turns:host?transport=udp",
                            "turn:host?x=1",
                            "stun:[::1",
                            "stun:[1.2.3.4]",
                            "stun:[::1]x",
                            "stun:ho st",
                            "stun:a@b",
                            "stun:-host",
                            "stun:\"",
                            "turn:host?"})
        EXPECT_EQ(normal(bad), "refused") << bad;
}

TEST(TurnCredential, IsTheRestScheme) {
    const auto issued =
        issue_turn_credential("north-wind", "user-1", from_millis(1'700'000'000'000), std::chrono::hours(1));
    EXPECT_EQ(issued.username, "1700003600:user-1");
    // printf 1700003600:user-1 | openssl dgst -sha1 -hmac north-wind -binary | base64
    EXPECT_EQ(issued.password, "NsgJbY0r2FdqHYYYJXb585vxTBc=");
}

TEST_F(IceProfiles, OwnServersBeatThoseOfTheNetwork) {
    network([](auto& n) { n.stun_servers = {"stun:network.test"}; });
    settings([](auto& s) { s.web_rtc.network_config = kNetwork; });
    EXPECT_THAT(given(), ElementsAre("stun:network.test:3478"));
    settings([](auto& s) { s.web_rtc.stun_servers = {"stun:own.test"}; });
    EXPECT_THAT(given(), ElementsAre("stun:own.test:3478"));
}

TEST_F(IceProfiles, TurnNeedsALogin) {
    network([](auto& n) { n.stun_servers = {"turn:relay.test"}; });
    EXPECT_THAT(given(), ElementsAre());
    network([&](auto& n) { give_secret(n); });
    EXPECT_THAT(given(), ElementsAre("turn:relay.test:3478?transport=udp"));
    const auto profile = ice_profile_of(example.config(), kAgent48291);
    const auto servers = browser_ice_servers(profile, secrets, kAgent48291, example_time());
    const auto expected =
        issue_turn_credential("north-wind", kAgent48291.str(), example_time(), kTurnCredentialLifetime);
    EXPECT_EQ(servers.front().username, expected.username);
    EXPECT_EQ(servers.front().credential, expected.password);
}

TEST_F(IceProfiles, ForceTcpLeavesRelaysOverTcp) {
    network([&](auto& n) {
        n.stun_servers = {"stun:s.test", "turn:t.test", "turns:u.test"};
        n.force_tcp = true;
        give_secret(n);
    });
    settings([](auto& s) { s.web_rtc.ice_transport_policy = IceTransportPolicy::All; });
    EXPECT_EQ(ice_profile_of(example.config(), kAgent48291).policy, IceTransportPolicy::Relay);
    EXPECT_THAT(given(), ElementsAre("turn:t.test:3478?transport=tcp", "turns:u.test:5349?transport=tcp"));
}

TEST_F(IceProfiles, RemarksNameWhatIsLikelyNotMeant) {
    const auto remarks = [&] { return remarks_on(example.config(), *example.config().settings_of(kAgent48291)); };
    settings([](auto& s) { s.web_rtc.stun_servers = {"stun:own.test"}; });
    EXPECT_THAT(remarks(), ElementsAre());
    settings([](auto& s) { s.web_rtc.ice_transport_policy = IceTransportPolicy::Relay; });
    EXPECT_THAT(remarks(), ElementsAre(::testing::HasSubstr("iceTransportPolicy relay leaves no media path")));
    settings([](auto& s) { s.web_rtc.stun_servers = {"turn:relay.test"}; });
    EXPECT_THAT(remarks(), ElementsAre(::testing::HasSubstr("want of a login"), ::testing::HasSubstr("no media path")));
    network([&](auto& n) { give_secret(n); });
    EXPECT_THAT(remarks(), ElementsAre());
    settings([](auto& s) { s.web_rtc.stun_servers = {}; });
    EXPECT_THAT(remarks(), ::testing::Contains(::testing::HasSubstr("webRtc.stunServers is absent")));
}

TEST_F(IceProfiles, RegistrationIsRefusedByTransport) {
    const auto code = [&](PhoneTransport transport) {
        const auto refusal = registration_refusal(example.config(), kAgent48291, transport);
        return refusal ? refusal->code : std::string_view("none");
    };
    EXPECT_TRUE(registration_refusals(example.config(), kAgent48291).empty());
    settings([](auto& s) { s.web_rtc.enabled = false; });
    EXPECT_EQ(code(PhoneTransport::WebSocket), "webRtc.disabled");
    EXPECT_EQ(code(PhoneTransport::Datagram), "none");
    settings([](auto& s) { s.sofia.network_config = kNetwork; });
    network([](auto& n) { n.force_tcp = true; });
    EXPECT_EQ(code(PhoneTransport::Datagram), "sofia.forceTcp");
    EXPECT_EQ(code(PhoneTransport::Stream), "none");
    settings([](auto& s) { s.sofia.enabled = false; });
    EXPECT_EQ(code(PhoneTransport::Stream), "sofia.disabled");
    EXPECT_EQ(registration_refusals(example.config(), kAgent48291).size(), 2U);
}

}  // namespace
}  // namespace dp::telephony
