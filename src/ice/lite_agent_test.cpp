#include "ice/lite_agent.hpp"

#include <gtest/gtest.h>

#include "ice/source_limiter.hpp"
#include "ice/stun_client.hpp"

namespace dp::ice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LiteAgentTest : public testing::Test {
protected:
    struct Check {
        std::string username = "ours1234:theirs";
        std::string password = "ours-password";
        std::uint32_t priority = 100;
        bool use_candidate = false;
    };

    CheckOutcome send(std::string_view source, const Check& check) {
        TransactionId id{};
        id[0] = ++serial_;
        StunClient client({check.username, check.password, check.priority, 7, check.use_candidate}, id, clock_.now());
        return send_raw(source, client.poll(clock_.now()));
    }
    CheckOutcome send_raw(std::string_view source, Bytes bytes) {
        const auto message = StunMessage::parse(bytes);
        if (!message) return {};
        return agent_.on_request(*message, *Endpoint::parse(source), clock_.now(), true, reply_);
    }
    static std::optional<std::uint16_t> error_of(const CheckOutcome& outcome) {
        const auto reply = StunMessage::parse(outcome.reply);
        return reply ? reply->error : std::nullopt;
    }

    ManualClock clock_;
    LiteAgent agent_{{"ours1234", "ours-password"}};
    std::array<std::uint8_t, kMaxStunReply> reply_{};
    std::uint8_t serial_ = 0;
};

TEST_F(LiteAgentTest, AnswersAGoodCheckWithTheSourceItSaw) {
    const auto outcome = send("192.0.2.9:5000", {});
    EXPECT_TRUE(outcome.authenticated);
    const auto reply = StunMessage::parse(outcome.reply);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->kind, StunClass::Success);
    EXPECT_EQ(reply->mapped, Endpoint::parse("192.0.2.9:5000"));
    EXPECT_TRUE(reply->integrity_ok("ours-password"));
    EXPECT_TRUE(reply->has_fingerprint);
    EXPECT_TRUE(agent_.is_valid(*Endpoint::parse("192.0.2.9:5000")));
}

TEST_F(LiteAgentTest, TheFirstValidAddressIsSelectedUntilOneIsNominated) {
    send("192.0.2.1:1", {});
    send("192.0.2.1:2", {});
    EXPECT_EQ(agent_.selected(), Endpoint::parse("192.0.2.1:1"));
    const auto outcome = send("192.0.2.1:2", {.use_candidate = true});
    EXPECT_TRUE(outcome.selection_changed);
    EXPECT_EQ(agent_.selected(), Endpoint::parse("192.0.2.1:2"));
}

TEST_F(LiteAgentTest, ALaterNominationMovesTheSelection) {
    send("192.0.2.1:1", {.use_candidate = true});
    clock_.advance(seconds(5));
    EXPECT_TRUE(send("198.51.100.1:9", {.priority = 1, .use_candidate = true}).selection_changed);
    EXPECT_EQ(agent_.selected(), Endpoint::parse("198.51.100.1:9"));
}

TEST_F(LiteAgentTest, InTheFirstSecondTheHigherPriorityWins) {
    send("192.0.2.1:1", {.priority = 50, .use_candidate = true});
    send("192.0.2.1:2", {.priority = 90, .use_candidate = true});
    clock_.advance(milliseconds(300));
    send("192.0.2.1:1", {.priority = 50, .use_candidate = true});
    EXPECT_EQ(agent_.selected(), Endpoint::parse("192.0.2.1:2"));
}

TEST_F(LiteAgentTest, RefusesAWrongPasswordWith401AndLearnsNothing) {
    const auto outcome = send("192.0.2.1:1", {.password = "guess"});
    EXPECT_FALSE(outcome.authenticated);
    EXPECT_EQ(error_of(outcome), 401);
    EXPECT_FALSE(agent_.is_valid(*Endpoint::parse("192.0.2.1:1")));
    EXPECT_FALSE(agent_.has_consent(clock_.now()));
}

TEST_F(LiteAgentTest, IsSilentForAnUnknownUfrag) {
    EXPECT_TRUE(send("192.0.2.1:1", {.username = "other:theirs"}).reply.empty());
    EXPECT_TRUE(send("192.0.2.1:1", {.username = "nocolon"}).reply.empty());
}

TEST_F(LiteAgentTest, ChecksThePeersUfragOnceItIsKnown) {
    agent_.set_remote_ufrag("theirs");
    EXPECT_TRUE(send("192.0.2.1:1", {}).authenticated);
    EXPECT_TRUE(send("192.0.2.1:1", {.username = "ours1234:somebody"}).reply.empty());
}

TEST_F(LiteAgentTest, AnswersUnknownRequiredAttributesWith420AndTheirList) {
    std::array<std::uint8_t, 256> buffer{};
    StunWriter writer(buffer, StunClass::Request, {1});
    writer.add(StunAttribute::Username, std::string_view("ours1234:theirs"));
    writer.add_u32(static_cast<StunAttribute>(0x7f01), 1);
    writer.add_integrity("ours-password");
    const auto outcome = send_raw("192.0.2.1:1", writer.bytes());
    EXPECT_EQ(error_of(outcome), 420);
    EXPECT_FALSE(outcome.authenticated);
}

TEST_F(LiteAgentTest, RefusesAMissingIntegrityWith400) {
    std::array<std::uint8_t, 256> buffer{};
    StunWriter writer(buffer, StunClass::Request, {1});
    writer.add(StunAttribute::Username, std::string_view("ours1234:theirs"));
    EXPECT_EQ(error_of(send_raw("192.0.2.1:1", writer.bytes())), 400);
}

TEST_F(LiteAgentTest, SuppressesRefusalsBeyondTheRateLimit) {
    SourceLimiter limiter({1, 2}, 5);
    const auto source = *IpAddress::parse("192.0.2.1");
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.allow(source, clock_.now()));
    EXPECT_FALSE(limiter.allow(source, clock_.now()));
    clock_.advance(seconds(1));
    EXPECT_TRUE(limiter.allow(source, clock_.now()));
}

TEST_F(LiteAgentTest, IgnoresIndicationsAndResponses) {
    std::array<std::uint8_t, 256> buffer{};
    for (StunClass kind : {StunClass::Indication, StunClass::Success, StunClass::Error}) {
        StunWriter writer(buffer, kind, {1});
        writer.add(StunAttribute::Username, std::string_view("ours1234:theirs"));
        writer.add_integrity("ours-password");
        const auto outcome = send_raw("192.0.2.1:1", writer.bytes());
        EXPECT_TRUE(outcome.reply.empty());
        EXPECT_FALSE(outcome.authenticated);
    }
}

TEST_F(LiteAgentTest, AnswersAControlledPeerWithSuccess) {
    std::array<std::uint8_t, 256> buffer{};
    StunWriter writer(buffer, StunClass::Request, {1});
    writer.add(StunAttribute::Username, std::string_view("ours1234:theirs"));
    writer.add_u64(StunAttribute::IceControlled, 5);
    writer.add_integrity("ours-password");
    EXPECT_TRUE(send_raw("192.0.2.1:1", writer.bytes()).authenticated);
}

TEST_F(LiteAgentTest, KeepsEightAddressesAndNeverEvictsTheSelectedOne) {
    send("192.0.2.1:1", {.use_candidate = true});
    for (int port = 2; port <= 8; ++port) {
        clock_.advance(milliseconds(10));
        EXPECT_FALSE(send("192.0.2.1:" + std::to_string(port), {}).evicted);
    }
    clock_.advance(milliseconds(10));
    EXPECT_EQ(send("192.0.2.1:9", {}).evicted, Endpoint::parse("192.0.2.1:2"));
    EXPECT_TRUE(agent_.is_valid(*Endpoint::parse("192.0.2.1:1")));
    EXPECT_FALSE(agent_.is_valid(*Endpoint::parse("192.0.2.1:2")));
}

TEST_F(LiteAgentTest, ConsentEndsThirtySecondsAfterTheLastCheck) {
    EXPECT_FALSE(agent_.has_consent(clock_.now()));
    send("192.0.2.1:1", {});
    clock_.advance(seconds(29));
    EXPECT_TRUE(agent_.has_consent(clock_.now()));
    clock_.advance(seconds(1));
    EXPECT_FALSE(agent_.has_consent(clock_.now()));
    send("192.0.2.1:1", {});
    EXPECT_TRUE(agent_.has_consent(clock_.now()));
}

TEST_F(LiteAgentTest, ARestartAcceptsBothCredentialsUntilTheNewOnesAreUsed) {
    send("192.0.2.1:1", {});
    agent_.restart({"fresh567", "fresh-password"}, "", clock_.now());
    EXPECT_TRUE(send("192.0.2.1:1", {}).authenticated);
    const auto outcome = send("192.0.2.1:1", {.username = "fresh567:new", .password = "fresh-password"});
    EXPECT_TRUE(outcome.authenticated);
    EXPECT_TRUE(outcome.restart_completed);
    EXPECT_TRUE(send("192.0.2.1:1", {}).reply.empty());
}

TEST_F(LiteAgentTest, OldCredentialsEndTenSecondsAfterARestart) {
    agent_.restart({"fresh567", "fresh-password"}, "", clock_.now());
    clock_.advance(seconds(10));
    EXPECT_TRUE(send("192.0.2.1:1", {}).reply.empty());
}

TEST(Credentials, AreIceCharactersOfTheAnnouncedLengths) {
    SeededRandom random(1);
    const auto credentials = Credentials::fresh(random);
    EXPECT_EQ(credentials.ufrag.size(), 8U);
    EXPECT_EQ(credentials.pwd.size(), 24U);
    for (char c : credentials.ufrag + credentials.pwd)
        EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/') << c;
}

}  // namespace
}  // namespace dp::ice
