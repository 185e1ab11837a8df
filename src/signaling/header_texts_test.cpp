/// Texts that signalling writes into SIP and reads out of it: names and numbers, digits in INFO, guessing sources.

#include <gtest/gtest.h>

#include "signaling/addressing.hpp"
#include "signaling/dtmf_info.hpp"
#include "signaling/guess_guard.hpp"

namespace dp::signaling {
namespace {

using namespace std::chrono_literals;

sip::Message message(const std::string& headers, const std::string& body = {}) {
    const std::string text =
        "INVITE sip:+15551234567@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\r\n"
        "Max-Forwards: 70\r\nTo: <sip:+15551234567@10.0.0.1>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n" +
        headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    auto parsed = sip::Message::parse(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed ? std::move(*parsed) : sip::Message();
}

const std::string kFrom = "From: \"Ann\" <sip:+15550001111@carrier.example>;tag=1\r\n";

TEST(DisplayName, IsCleanUtf8OfBoundedLength) {
    EXPECT_EQ(clean_display_name("Jos\xC3\xA9"), "Jos\xC3\xA9");
    EXPECT_EQ(clean_display_name("a\r\nEvil: header"), "aEvil: header");
    EXPECT_EQ(clean_display_name("bad \xC3 octet \xFF"), "bad  octet ");
    EXPECT_EQ(clean_display_name(std::string(127, 'x') + "\xC3\xA9").size(), 127U) << "no half character";
    EXPECT_EQ(clean_display_name(std::string(500, 'x')).size(), 128U);
}

TEST(NameAddr, QuotesTheNameAndEscapesTheUser) {
    EXPECT_EQ(name_addr("A \"B\"", "+1555", "example.org"), "\"A \\\"B\\\"\" <sip:+1555@example.org>");
    EXPECT_EQ(name_addr("", "a>b", "example.org").find('>'), name_addr("", "a>b", "example.org").size() - 1);
}

TEST(Identity, WithheldCallerIsAnonymousInFromAndAssertedBehindPrivacy) {
    const call::CallerIdentity caller{"+15550001111", "Ann", true};
    EXPECT_EQ(from_header(caller, "h"), "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    sip::HeaderLines headers;
    add_asserted_identity(headers, caller, "carrier.example");
    EXPECT_EQ(headers.text(), "P-Asserted-Identity: \"Ann\" <sip:+15550001111@carrier.example>\r\nPrivacy: id\r\n");
}

TEST(Caller, AssertedIdentityCountsFromTrustedPeersOnly) {
    const auto invite = message(kFrom + "P-Asserted-Identity: <sip:+15559999999@carrier.example>\r\nPrivacy: id\r\n");
    EXPECT_EQ(caller_of(*invite, Trust::Peer).user, "+15559999999");
    EXPECT_TRUE(caller_of(*invite, Trust::Peer).withheld);
    EXPECT_EQ(caller_of(*invite, Trust::Peer).display, "Ann");
    EXPECT_EQ(caller_of(*invite, Trust::Stranger).user, "+15550001111");
    EXPECT_FALSE(caller_of(*invite, Trust::Stranger).withheld);
}

std::optional<DigitPress> press(const std::string& type, const std::string& body) {
    return read_dtmf_info(*message(kFrom + "Content-Type: " + type + "\r\n", body));
}

TEST(DtmfInfo, BothForms) {
    EXPECT_EQ(press("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")->digit, '5');
    EXPECT_EQ(press("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n")->duration, 160ms);
    EXPECT_EQ(press("application/dtmf-relay", "Signal= *\nDuration= 250")->digit, '*');
    EXPECT_EQ(press("application/dtmf-relay", "Signal=11\r\n")->digit, '#');
    EXPECT_EQ(press("application/dtmf", "a\r\n")->digit, 'A');
}

TEST(DtmfInfo, NonsenseIsNoDigit) {
    EXPECT_FALSE(press("application/dtmf-relay", "Signal=55\r\n"));
    EXPECT_FALSE(press("application/dtmf-relay", ""));
    EXPECT_FALSE(press("application/dtmf", "x"));
    EXPECT_FALSE(press("text/plain", "Signal=5"));
}

TEST(DtmfInfo, DurationsAreBounded) {
    EXPECT_EQ(press("application/dtmf-relay", "Signal=5\r\nDuration=1\r\n")->duration, 40ms);
    EXPECT_EQ(press("application/dtmf-relay", "Signal=5\r\nDuration=999999\r\n")->duration, 8000ms);
    EXPECT_EQ(press("application/dtmf-relay", "Signal=5\r\nDuration=99999999999999\r\n")->duration, 100ms);
}

TEST(DtmfInfo, WrittenFormReadsBack) {
    const auto again = press("application/dtmf-relay", write_dtmf_relay({'9', 120ms}));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->digit, '9');
    EXPECT_EQ(again->duration, 120ms);
}

TEST(GuessGuard, TenFailuresAMinuteAreSilencedSuccessClears) {
    GuessGuard guard;
    const TimePoint start{1h};
    const auto source = *IpAddress::parse("10.6.6.6");
    for (unsigned i = 0; i + 1 < GuessGuard::kFailures; ++i) guard.failed(source, "alice", start);
    EXPECT_FALSE(guard.silenced(source, start));
    guard.failed(source, "alice", start);
    EXPECT_TRUE(guard.silenced(source, start));
    EXPECT_FALSE(guard.silenced(*IpAddress::parse("10.6.6.7"), start));
    EXPECT_FALSE(guard.silenced(source, start + 61s));
    guard.failed(source, "alice", start);
    guard.succeeded(source);
    EXPECT_FALSE(guard.silenced(source, start));
}

TEST(GuessGuard, FiveFailuresOfASourceOrAtAnAccountAreAnsweredLate) {
    GuessGuard guard;
    const TimePoint start{1h};
    const auto source = [](unsigned i) { return *IpAddress::parse("10.6.6." + std::to_string(i)); };
    for (unsigned i = 0; i < GuessGuard::kLate; ++i) guard.failed(source(i), "alice", start);
    EXPECT_TRUE(guard.late(source(77), "alice", start));
    EXPECT_FALSE(guard.late(source(77), "bob", start));
    EXPECT_FALSE(guard.silenced(source(77), start)) << "an account cannot be shut out by others";
    for (unsigned i = 0; i < GuessGuard::kLate; ++i) guard.failed(source(88), std::to_string(i), start);
    EXPECT_TRUE(guard.late(source(88), "bob", start));
    EXPECT_FALSE(guard.late(source(88), "bob", start + 61s));
}

TEST(GuessGuard, OneNetworkOfIpv6IsOneSource) {
    GuessGuard guard;
    const TimePoint start{1h};
    for (unsigned i = 0; i < GuessGuard::kFailures; ++i)
        guard.failed(*IpAddress::parse("2001:db8:1:2::" + std::to_string(i + 1)), "alice", start);
    EXPECT_TRUE(guard.silenced(*IpAddress::parse("2001:db8:1:2::ffff"), start));
    EXPECT_FALSE(guard.silenced(*IpAddress::parse("2001:db8:1:3::1"), start));
}

}  // namespace
}  // namespace dp::signaling
