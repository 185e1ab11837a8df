#include "sip/options_probe.hpp"

#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {
namespace {

struct ProbeRecorder : ProbeHandler {
    std::vector<Health> changes;
    std::vector<ProbeReport> reports;
    void on_probe_health_changed(OptionsProbe&, const ProbeReport& report) override {
        changes.push_back(report.health);
    }
    void on_probe_finished(OptionsProbe&, const ProbeReport& report) override { reports.push_back(report); }
};

class OptionsProbeTest : public testing::Test {
protected:
    SimulatedNetwork network{3};
    Station ann{network, "10.0.0.1:5060"};
    Station gateway{network, "10.0.0.2:5060"};
    ProbeRecorder recorder;
    OptionsProbe probe{ann.agent, {network.timers(), network.clock(), network.random(), ann.node}, config(), recorder};

    ProbeConfig config() const {
        ProbeConfig config;
        config.hop.target.remote = gateway.node.address();
        config.request_uri = "sip:10.0.0.2";
        config.from = "<sip:trunk@example.org>";
        config.contact_user = "trunk";
        return config;
    }
    void answer_with(int status, HeaderLines headers = {}) {
        gateway.when_requested = [this, status, headers](const IncomingRequest& request) {
            gateway.agent.respond(request.id, Response{.status = status, .headers = headers});
        };
    }
};

TEST_F(OptionsProbeTest, AsksEveryThirtySecondsOrSo) {
    probe.start();
    network.run_for(301s);
    EXPECT_GE(gateway.requests.size(), 9U);
    EXPECT_LE(gateway.requests.size(), 12U);
    EXPECT_EQ(probe.health(), Health::Up);
    EXPECT_EQ(recorder.reports.front().status, 200);
    EXPECT_GE(recorder.reports.front().latency, 10ms);
    probe.stop();
}

TEST_F(OptionsProbeTest, SaysWhoAsksAndWhatWeMayDo) {
    gateway.when_requested = [this](const IncomingRequest& request) {
        EXPECT_EQ(request.message.contact().uri().text(), "sip:trunk@10.0.0.1:5060");
        EXPECT_TRUE(request.message.has_token(HeaderId::Allow, "REFER"));
        EXPECT_EQ(request.message.value(HeaderId::Accept), "application/sdp");
        gateway.agent.respond(request.id, Response{});
    };
    probe.start();
    network.run_for(2s);
    EXPECT_EQ(gateway.requests.size(), 1U);
    probe.stop();
}

TEST_F(OptionsProbeTest, SilenceIsNoticedAfterFiveSecondsAndDownAfterThree) {
    probe.start();
    network.run_for(2s);
    gateway.node.reachable = false;
    network.run_for(120s);
    EXPECT_EQ(probe.health(), Health::Down);
    EXPECT_EQ(recorder.changes, (std::vector{Health::Up, Health::Down}));
    EXPECT_EQ(recorder.reports.back().status, 0);
    EXPECT_EQ(recorder.reports.back().latency / 1s, 5);
    gateway.node.reachable = true;
    network.run_for(70s);
    EXPECT_EQ(probe.health(), Health::Up);
    probe.stop();
}

TEST_F(OptionsProbeTest, AnAnswerThatRefusesIsStillAlive) {
    answer_with(404);
    probe.start();
    network.run_for(2s);
    EXPECT_EQ(probe.health(), Health::Up);
    probe.stop();
}

TEST_F(OptionsProbeTest, A503WithRetryAfterHoldsDownAtOnce) {
    probe.start();
    network.run_for(2s);
    answer_with(503, HeaderLines("Retry-After", "60"));
    network.run_for(33s);
    EXPECT_EQ(probe.health(), Health::Down);
    probe.stop();
}

TEST_F(OptionsProbeTest, OneFailedProbeAndATimedOutCallAreEnough) {
    probe.start();
    network.run_for(2s);
    gateway.node.reachable = false;
    network.run_for(40s);
    ASSERT_EQ(probe.health(), Health::Up);
    probe.call_timed_out();
    EXPECT_EQ(probe.health(), Health::Down);
    probe.stop();
}

TEST_F(OptionsProbeTest, WithoutProbesCallsDecide) {
    for (int i = 0; i < 3; ++i) probe.call_timed_out();
    EXPECT_EQ(probe.health(), Health::Down);
    network.run_for(11s);
    EXPECT_EQ(probe.health(), Health::Unknown);
    probe.call_answered();
    EXPECT_EQ(probe.health(), Health::Up);
}

TEST_F(OptionsProbeTest, ADrainingPeerIsNotAlive) {
    gateway.agent.drain(5s);
    probe.start();
    network.run_for(2s);
    EXPECT_EQ(recorder.reports.back().status, 503);
    EXPECT_EQ(probe.health(), Health::Down);
    probe.stop();
}

TEST_F(OptionsProbeTest, StopsWithARequestOnItsWay) {
    gateway.node.reachable = false;
    probe.start();
    network.run_for(2s);
    probe.stop();
    network.run_for(60s);
    EXPECT_TRUE(recorder.reports.empty());
    EXPECT_EQ(network.timers().size(), 0U);
}

TEST(OptionsProbe, AliveCodes) {
    for (int code : {200, 202, 301, 302, 401, 403, 404, 405, 407, 415, 420, 480, 481, 488, 501, 600, 603})
        EXPECT_TRUE(is_alive(code)) << code;
    for (int code : {0, 408, 500, 502, 503, 504, 513}) EXPECT_FALSE(is_alive(code)) << code;
}

}  // namespace
}  // namespace dp::sip::test
