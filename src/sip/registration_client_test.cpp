#include "sip/registration_client.hpp"

#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {
namespace {

struct RegistrationRecorder : RegistrationHandler {
    std::vector<RegistrationReport> reports;
    void on_registration_finished(RegistrationClient&, const RegistrationReport& report) override {
        reports.push_back(report);
    }
};

/// A registrar that is scripted answer by answer; the last answer repeats.
class RegistrationClientTest : public testing::Test {
protected:
    struct Answer {
        int status = 200;
        std::string headers;
    };
    SimulatedNetwork network{5};
    Station ann{network, "10.0.0.1:5060"};
    ScriptedPeer registrar{network, "10.0.0.2:5060"};
    std::vector<Answer> answers{{200, "Expires: 600\r\n"}};
    std::vector<TimePoint> arrivals;
    RegistrationRecorder recorder;
    std::unique_ptr<RegistrationClient> client;

    void SetUp() override {
        auto record = registrar.node.on_message;
        registrar.node.on_message = [this, record](std::span<char> bytes, const Flow& flow) {
            record(bytes, flow);
            arrivals.push_back(network.clock().now());
            const Answer answer = answers.front();
            if (answers.size() > 1) answers.erase(answers.begin());
            if (answer.status) registrar.answer(*registrar.inbox.back(), answer.status, answer.headers);
        };
        make(config());
    }
    RegistrationConfig config() const {
        RegistrationConfig config;
        config.hops.resize(1);
        config.hops[0].target.remote = registrar.node.address();
        config.registrar_uri = "sip:carrier.example.com";
        config.address_of_record = "<sip:acme@carrier.example.com>";
        config.contact_user = "trunk-1";
        config.account = {"acme", "secret", ""};
        return config;
    }
    void make(RegistrationConfig config) {
        client = std::make_unique<RegistrationClient>(
            ann.agent, Environment{network.timers(), network.clock(), network.random(), ann.node}, std::move(config),
            recorder);
    }
    const MessageView& request(std::size_t i) const { return registrar.inbox.at(i).view(); }
    const RegistrationReport& last() const { return recorder.reports.back(); }
    static Answer challenge(std::string nonce, bool stale = false) {
        return {401, "WWW-Authenticate: Digest realm=\"carrier.example.com\", nonce=\"" + nonce +
                         "\", qop=\"auth\", algorithm=MD5" + (stale ? ", stale=true" : "") + "\r\n"};
    }
};

TEST_F(RegistrationClientTest, RegistersAndRefreshesAt80To90Percent) {
    client->start();
    network.run_for(6s);
    ASSERT_EQ(client->state(), RegistrationState::Registered);
    EXPECT_EQ(last().granted, 600s);
    EXPECT_EQ(request(0).value(HeaderId::Contact), "<sip:trunk-1@10.0.0.1:5060>;expires=3600");
    const TimePoint registered = arrivals[0];
    network.run_for(600s);
    ASSERT_EQ(arrivals.size(), 2U);
    EXPECT_GE(arrivals[1] - registered, 480s);
    EXPECT_LE(arrivals[1] - registered, 541s);
    EXPECT_EQ(request(1).call_id(), request(0).call_id());
    EXPECT_EQ(request(1).from_tag(), request(0).from_tag());
    EXPECT_EQ(request(1).cseq().number, request(0).cseq().number + 1);
}

TEST_F(RegistrationClientTest, TheExpiryOnOurContactCounts) {
    answers = {
        {200,
         "Contact: <sip:other@10.9.9.9>;expires=9\r\nContact: <sip:trunk-1@10.0.0.1>;expires=120\r\nExpires: 600\r\n"}};
    client->start(0s);
    network.run_for(1s);
    EXPECT_EQ(last().granted, 120s);
}

TEST_F(RegistrationClientTest, AnswersTheChallengeAndKeepsTheNonce) {
    answers = {challenge("n1"), {200, "Expires: 600\r\n"}};
    client->start(0s);
    network.run_for(1s);
    ASSERT_EQ(client->state(), RegistrationState::Registered);
    EXPECT_EQ(registrar.count(Method::Register), 2);
    EXPECT_EQ(request(1).cseq().number, 2U);
    EXPECT_NE(request(1).value(HeaderId::Authorization).find("nc=00000001"), std::string_view::npos);
    EXPECT_GE(last().latency, 20ms) << "both round trips";
    network.run_for(600s);
    ASSERT_EQ(registrar.count(Method::Register), 3) << "no further challenge";
    EXPECT_NE(request(2).value(HeaderId::Authorization).find("nc=00000002"), std::string_view::npos);
}

TEST_F(RegistrationClientTest, ASecondChallengeIsBadCredentialsAndNotTriedForTenMinutes) {
    answers = {challenge("n1"), challenge("n2")};
    client->start(0s);
    network.run_for(1s);
    EXPECT_EQ(last().failure, RegistrationFailure::BadCredentials);
    EXPECT_EQ(last().status, 401);
    const auto tried = registrar.count(Method::Register);
    EXPECT_LE(tried, 3);
    network.run_for(598s);
    EXPECT_EQ(registrar.count(Method::Register), tried);
    network.run_for(1202s);
    EXPECT_GT(registrar.count(Method::Register), tried);
}

TEST_F(RegistrationClientTest, AStaleLoopEnds) {
    answers = {challenge("n1"),       challenge("n2", true), challenge("n3", true),
               challenge("n4", true), challenge("n5", true), challenge("n6", true)};
    client->start(0s);
    network.run_for(5s);
    EXPECT_EQ(last().failure, RegistrationFailure::BadCredentials);
    EXPECT_LE(registrar.count(Method::Register), 5);
}

TEST_F(RegistrationClientTest, ForbiddenWaitsLikeBadCredentials) {
    for (int status : {403, 404, 410, 603}) {
        answers = {{status, ""}};
        client->start(0s);
        network.run_for(1s);
        EXPECT_EQ(last().failure, RegistrationFailure::Forbidden) << status;
        EXPECT_GE(last().next_attempt - network.clock().now(), 598s);
        EXPECT_LE(last().next_attempt - network.clock().now(), 1800s);
    }
}

TEST_F(RegistrationClientTest, RaisesTheIntervalOnceAfter423) {
    auto settings = config();
    settings.expires = 60s;
    make(settings);
    answers = {{423, "Min-Expires: 900\r\n"}, {200, "Expires: 900\r\n"}};
    client->start(0s);
    network.run_for(1s);
    EXPECT_EQ(client->state(), RegistrationState::Registered);
    EXPECT_NE(request(1).value(HeaderId::Contact).find("expires=900"), std::string_view::npos);

    answers = {{423, "Min-Expires: 1800\r\n"}, {423, "Min-Expires: 3600\r\n"}};
    client->start(0s);
    network.run_for(1s);
    EXPECT_EQ(last().failure, RegistrationFailure::IntervalTooBrief);
}

TEST_F(RegistrationClientTest, NeverFollowsARedirection) {
    answers = {{302, "Contact: <sip:10.6.6.6>\r\n"}};
    client->start(0s);
    network.run_for(1s);
    EXPECT_EQ(last().failure, RegistrationFailure::Rejected);
    EXPECT_EQ(registrar.count(Method::Register), 1);
}

TEST_F(RegistrationClientTest, RetryAfterIsObeyedWithASpread) {
    for (int status : {503, 480, 500}) {
        answers = {{status, "Retry-After: 200\r\n"}};
        client->start(0s);
        network.run_for(1s);
        EXPECT_EQ(last().failure, RegistrationFailure::ServerFailed);
        EXPECT_GE(last().next_attempt - network.clock().now(), 199s);
        EXPECT_LE(last().next_attempt - network.clock().now(), 220s);
    }
    answers = {{503, "Retry-After: 100000\r\n"}};
    client->start(0s);
    network.run_for(1s);
    EXPECT_LE(last().next_attempt - network.clock().now(), 3960s) << "capped";
}

TEST_F(RegistrationClientTest, BacksOffAsRfc5626Says) {
    answers = {{500, ""}};
    client->start(0s);
    Duration upper = 30s;
    for (unsigned i = 1; i <= 9; ++i) {
        while (recorder.reports.size() < i) network.run_for(1s);
        const Duration wait = last().next_attempt - arrivals.back();
        EXPECT_GE(wait, upper / 2 - 1s) << i;
        EXPECT_LE(wait, upper + 1s) << i;
        EXPECT_EQ(last().failures_in_a_row, i);
        upper = std::min<Duration>(upper * 2, 1800s);
    }
}

TEST_F(RegistrationClientTest, TriesTheNextAddressBeforeItBacksOff) {
    auto settings = config();
    settings.timeout = 4s;
    settings.hops.insert(settings.hops.begin(), settings.hops[0]);
    settings.hops[0].target.remote = *Endpoint::parse("10.0.0.99:5060");
    make(settings);
    client->start(0s);
    network.run_for(5s);
    EXPECT_EQ(client->state(), RegistrationState::Registered);
}

TEST_F(RegistrationClientTest, SilenceIsATimeout) {
    answers = {{0, ""}};
    client->start(0s);
    network.run_for(33s);
    EXPECT_EQ(last().failure, RegistrationFailure::Timeout);
    EXPECT_EQ(last().status, 0);
}

TEST_F(RegistrationClientTest, ARefusedConnectionIsATransportFailure) {
    ann.node.refuses = true;
    client->start(0s);
    network.run_for(1s);
    EXPECT_EQ(last().failure, RegistrationFailure::TransportFailed);
}

TEST_F(RegistrationClientTest, DropsOutboundOnceWhenRefused) {
    for (const Answer& refusal : {Answer{439, ""}, Answer{420, "Unsupported: outbound\r\n"}}) {
        registrar.inbox.clear();
        auto settings = config();
        settings.instance = "urn:uuid:00000000-0000-0000-0000-000000000001";
        make(settings);
        answers = {refusal, {200, "Expires: 600\r\n"}};
        client->start(0s);
        network.run_for(1s);
        EXPECT_EQ(client->state(), RegistrationState::Registered);
        EXPECT_NE(request(0).value(HeaderId::Contact).find("reg-id=1"), std::string_view::npos);
        EXPECT_TRUE(request(0).has_token(HeaderId::Supported, "outbound"));
        EXPECT_EQ(request(1).value(HeaderId::Contact).find("reg-id"), std::string_view::npos);
        EXPECT_FALSE(request(1).has_token(HeaderId::Supported, "outbound"));
    }
}

TEST_F(RegistrationClientTest, StopRemovesTheBinding) {
    client->start(0s);
    network.run_for(1s);
    client->stop();
    EXPECT_EQ(client->state(), RegistrationState::Stopping);
    network.run_for(1s);
    EXPECT_EQ(client->state(), RegistrationState::Stopped);
    EXPECT_NE(request(1).value(HeaderId::Contact).find("expires=0"), std::string_view::npos);
    network.run_for(3600s);
    EXPECT_EQ(registrar.count(Method::Register), 2);
    EXPECT_EQ(network.timers().size(), 0U);
}

TEST_F(RegistrationClientTest, StopAnswersTheChallengeToo) {
    client->start(0s);
    network.run_for(1s);
    answers = {challenge("n9"), {200, ""}};
    client->stop();
    network.run_for(1s);
    EXPECT_EQ(client->state(), RegistrationState::Stopped);
    EXPECT_EQ(registrar.count(Method::Register), 3);
}

TEST_F(RegistrationClientTest, StopBeforeAnythingWasSentIsQuiet) {
    client->start();
    client->stop();
    EXPECT_EQ(client->state(), RegistrationState::Stopped);
    network.run_for(60s);
    EXPECT_EQ(registrar.count(Method::Register), 0);
}

TEST_F(RegistrationClientTest, NewCredentialsRemoveTheOldBindingFirst) {
    client->start(0s);
    network.run_for(1s);
    auto settings = config();
    settings.address_of_record = "<sip:acme2@carrier.example.com>";
    client->reconfigure(settings);
    network.run_for(1s);
    ASSERT_EQ(registrar.count(Method::Register), 3);
    EXPECT_NE(request(1).value(HeaderId::Contact).find("expires=0"), std::string_view::npos);
    EXPECT_EQ(request(1).to().uri().user(), "acme");
    EXPECT_EQ(request(2).to().uri().user(), "acme2");
    EXPECT_NE(request(2).call_id(), request(0).call_id());
    EXPECT_EQ(client->state(), RegistrationState::Registered);
}

TEST_F(RegistrationClientTest, ALostFlowIsRegisteredAgainWithinFiveSeconds) {
    client->start(0s);
    network.run_for(1s);
    client->flow_lost();
    network.run_for(6s);
    EXPECT_EQ(client->state(), RegistrationState::Registered);
    EXPECT_EQ(registrar.count(Method::Register), 2);
}

TEST_F(RegistrationClientTest, DestroyedWhileARequestIsOut) {
    answers = {{0, ""}};
    client->start(0s);
    network.run_for(1s);
    client.reset();
    network.run_for(60s);
    EXPECT_TRUE(recorder.reports.empty());
    EXPECT_TRUE(ann.idle());
}

}  // namespace
}  // namespace dp::sip::test
