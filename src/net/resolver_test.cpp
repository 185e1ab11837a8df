#include "net/resolver.hpp"

#include <gtest/gtest.h>
#include <sys/time.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/dns_query.hpp"
#include "net/event_loop.hpp"
#include "net/testing/fake_dns_server.hpp"
#include "net/testing/wait_queue.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using sip::TransportKind;
using testing::FakeDnsServer;
using testing::WaitQueue;

class ResolverTest : public ::testing::Test {
protected:
    ResolverTest() {
        options.servers = {dns.at()};
        options.hosts_file.clear();
        options.timeout = 1s;
        options.tries = 1;
        options.min_ttl = 0s;
    }
    ~ResolverTest() override {
        resolver.reset();
        replies.stop();
    }
    Resolver& use() {
        if (!resolver) resolver = std::make_unique<Resolver>(options);
        return *resolver;
    }
    template <class Value>
    static std::string text_of(Result<std::vector<Value>> result) {
        if (!result) return std::string(facts(result.error().code).label);
        std::string out;
        for (const auto& one : *result) out += (out.empty() ? "" : " ") + str(one);
        return out;
    }
    std::string addresses(const std::string& host) {
        WaitQueue<std::string> answers;
        use().addresses(host, replies.loop(), [&](auto result) { answers.push(text_of(std::move(result))); });
        return answers.pop(30s).value_or("silence");
    }
    std::string targets(SipQuery query) {
        WaitQueue<std::string> answers;
        use().sip_targets(std::move(query), replies.loop(),
                          [&](auto result) { answers.push(text_of(std::move(result))); });
        return answers.pop(30s).value_or("silence");
    }
    static std::string str(const IpAddress& address) { return address.str(); }
    static std::string str(const sip::Target& t) {
        return std::string(sip::via_name(t.transport)) + "/" + t.remote.str();
    }

    static inline const std::string kNotFound{facts(ErrorCode::NotFound).label};
    static inline const std::string kInvalid{facts(ErrorCode::InvalidValue).label};
    static inline const std::string kTimeout{facts(ErrorCode::Timeout).label};
    FakeDnsServer dns;
    ResolverOptions options;
    LoopThread replies{"replies"};
    std::unique_ptr<Resolver> resolver;
};

TEST_F(ResolverTest, FindsAddressesOfBothFamiliesAndRemembersThem) {
    dns.add_a("pbx.example.com", "192.0.2.1");
    dns.add_aaaa("pbx.example.com", "2001:db8::1");
    EXPECT_EQ(addresses("pbx.example.com"), "192.0.2.1 2001:db8::1");
    const int asked = dns.questions();
    EXPECT_EQ(addresses("PBX.example.com."), "192.0.2.1 2001:db8::1");
    EXPECT_EQ(dns.questions(), asked);
}

TEST_F(ResolverTest, NeverAsksForWhatNeedsNoQuestion) {
    options.hosts = {{"sip.Carrier.example.com", "127.0.0.1"}, {"alias.example.com", "sip.carrier.example.com"}};
    EXPECT_EQ(addresses("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(addresses("2001:db8::7"), "2001:db8::7");
    EXPECT_EQ(addresses("localhost"), "127.0.0.1 ::1");
    EXPECT_EQ(addresses("a.localhost"), "127.0.0.1 ::1");
    EXPECT_EQ(addresses("sip.carrier.EXAMPLE.com"), "127.0.0.1");
    EXPECT_EQ(addresses("alias.example.com"), "127.0.0.1");
    EXPECT_EQ(addresses("df7jal23ls0d.invalid"), kNotFound);
    for (const auto* bad : {"", "a b", "a/b", ".a", "x\ny"}) EXPECT_EQ(addresses(bad), kInvalid) << bad;
    EXPECT_EQ(dns.questions(), 0);
}

TEST_F(ResolverTest, RemembersThatANameDoesNotExist) {
    EXPECT_EQ(addresses("none.example.com"), kNotFound);
    const int asked = dns.questions();
    EXPECT_EQ(addresses("none.example.com"), kNotFound);
    EXPECT_EQ(dns.questions(), asked);
}

TEST_F(ResolverTest, AsksAgainOnceTheTimeToLiveIsOver) {
    dns.add_a("pbx.example.com", "192.0.2.1", 0);
    EXPECT_EQ(addresses("pbx.example.com"), "192.0.2.1");
    dns.clear();
    dns.add_a("pbx.example.com", "192.0.2.2", 0);
    EXPECT_EQ(addresses("pbx.example.com"), "192.0.2.2");
}

TEST_F(ResolverTest, ServesWhatItKnewWhileTheServersAreDown) {
    dns.add_a("pbx.example.com", "192.0.2.1", 0);
    EXPECT_EQ(addresses("pbx.example.com"), "192.0.2.1");
    dns.set_silent(true);
    EXPECT_EQ(addresses("pbx.example.com"), "192.0.2.1");
    EXPECT_EQ(addresses("other.example.com"), kTimeout);
}

TEST_F(ResolverTest, RefusesMoreThanItsQueueHolds) {
    dns.set_silent(true);
    options.workers = 1;
    options.max_queued = 1;
    WaitQueue<ErrorCode> answers;
    for (int i = 0; i < 4; ++i)
        use().addresses("n" + std::to_string(i) + ".example.com", replies.loop(),
                        [&](auto result) { answers.push(result ? ErrorCode::Internal : result.error().code); });
    EXPECT_EQ(answers.pop(), ErrorCode::Unavailable);
    EXPECT_EQ(answers.pop(), ErrorCode::Unavailable);
    resolver.reset();
    replies.stop();
}

TEST_F(ResolverTest, ReadsTheHostsFileAndSeesItChange) {
    std::string path = (std::filesystem::temp_directory_path() / "dp-hosts-XXXXXX").string();
    ::close(mkstemp(path.data()));
    std::ofstream(path) << "# comment\n10.0.0.1  box box.example.com # more\nbroken line\n";
    options.hosts_file = path;
    EXPECT_EQ(addresses("box.example.com"), "10.0.0.1");
    EXPECT_EQ(addresses("BOX"), "10.0.0.1");
    EXPECT_EQ(dns.questions(), 0);
    std::filesystem::remove(path);
}

TEST_F(ResolverTest, TakesTheDomainsOrderOfTransports) {
    dns.add_naptr("example.com", 20, 10, "SIP+D2U", "_sip._udp.example.com");
    dns.add_naptr("example.com", 10, 20, "SIP+D2T", "_sip._tcp.example.com");
    dns.add_naptr("example.com", 10, 10, "SIPS+D2T", "_sips._tcp.example.com");
    dns.add_naptr("example.com", 5, 10, "SIP+D2S", "_sip._sctp.example.com");
    dns.add_srv("_sips._tcp.example.com", 1, 0, 5061, "a.example.com");
    dns.add_srv("_sip._tcp.example.com", 2, 0, 5070, "b.example.com");
    dns.add_srv("_sip._tcp.example.com", 1, 0, 5080, "a.example.com");
    dns.add_srv("_sip._udp.example.com", 1, 0, 5060, "a.example.com");
    dns.add_a("a.example.com", "192.0.2.1");
    dns.add_a("b.example.com", "192.0.2.2");
    EXPECT_EQ(targets({.host = "example.com"}),
              "TLS/192.0.2.1:5061 TCP/192.0.2.1:5080 TCP/192.0.2.2:5070 UDP/192.0.2.1:5060");
    EXPECT_EQ(targets({.host = "example.com", .secure = true}), "TLS/192.0.2.1:5061");
    EXPECT_EQ(targets({.host = "example.com", .transport = TransportKind::Tcp}),
              "TCP/192.0.2.1:5080 TCP/192.0.2.2:5070");
}

TEST_F(ResolverTest, TriesServiceRecordsWithoutNaptr) {
    dns.add_srv("_sip._udp.example.com", 1, 0, 5066, "a.example.com");
    dns.add_srv("_sips._tcp.example.com", 1, 0, 5067, "a.example.com");
    dns.add_a("a.example.com", "192.0.2.1");
    EXPECT_EQ(targets({.host = "example.com"}), "UDP/192.0.2.1:5066 TLS/192.0.2.1:5067");
}

TEST_F(ResolverTest, FallsBackToAddressesAndDefaultPorts) {
    dns.add_a("pbx.example.com", "192.0.2.1");
    EXPECT_EQ(targets({.host = "pbx.example.com"}), "UDP/192.0.2.1:5060");
    EXPECT_EQ(targets({.host = "pbx.example.com", .secure = true}), "TLS/192.0.2.1:5061");
    EXPECT_EQ(targets({.host = "pbx.example.com", .port = 5099}), "UDP/192.0.2.1:5099");
    EXPECT_EQ(targets({.host = "pbx.example.com", .transport = TransportKind::Wss}), "WSS/192.0.2.1:443");
    EXPECT_EQ(targets({.host = "none.example.com"}), kNotFound);
}

TEST_F(ResolverTest, APortGivenMeansNoServiceRecords) {
    dns.add_srv("_sip._udp.pbx.example.com", 1, 0, 5066, "a.example.com");
    dns.add_a("pbx.example.com", "192.0.2.9");
    EXPECT_EQ(targets({.host = "pbx.example.com", .port = 5060}), "UDP/192.0.2.9:5060");
}

TEST_F(ResolverTest, AServiceThatIsDeclaredAbsentIsNotUsed) {
    dns.add_srv("_sip._udp.example.com", 0, 0, 0, "");
    dns.add_srv("_sip._tcp.example.com", 0, 0, 5060, "a.example.com");
    dns.add_a("a.example.com", "192.0.2.1");
    EXPECT_EQ(targets({.host = "example.com"}), "TCP/192.0.2.1:5060");
}

TEST_F(ResolverTest, AnOverrideMayMoveTheNameToAnotherPort) {
    options.hosts = {{"sip.carrier.example.com", "127.0.0.1:5999"}, {"edge.example.com", "10.0.0.9"}};
    EXPECT_EQ(targets({.host = "sip.carrier.example.com", .port = 5060}), "UDP/127.0.0.1:5999");
    EXPECT_EQ(targets({.host = "edge.example.com", .port = 5080}), "UDP/10.0.0.9:5080");
    EXPECT_EQ(targets({.host = "[2001:db8::1]", .transport = TransportKind::Tcp}), "TCP/[2001:db8::1]:5060");
    EXPECT_EQ(dns.questions(), 0);
    use().set_hosts({});
    EXPECT_EQ(targets({.host = "edge.example.com", .port = 5080}), kNotFound);
}

TEST(OrderSrv, DrawsByWeightWithinAPriority) {
    SeededRandom random(7);
    int heavy_first = 0, zero_first = 0;
    for (int i = 0; i < 2000; ++i) {
        std::vector<SrvRecord> records{
            {20, 1, 1, "last"}, {10, 0, 1, "zero"}, {10, 30, 1, "light"}, {10, 90, 1, "heavy"}};
        order_srv(records, random);
        ASSERT_EQ(records.back().target, "last");
        heavy_first += records.front().target == "heavy";
        zero_first += records.front().target == "zero";
    }
    EXPECT_NEAR(heavy_first, 1500, 120);
    EXPECT_LT(zero_first, 80);
}

}  // namespace
}  // namespace dp::net
