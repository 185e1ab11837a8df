#include "sip/load_shedding.hpp"

#include <gtest/gtest.h>

#include "sip/header_values.hpp"

namespace dp::sip {
namespace {

using namespace std::chrono_literals;
using Verdict = Screening::Verdict;

Message request(std::string_view method, std::string_view headers = {}) {
    const std::string name(method);
    auto message =
        Message::parse(name +
                       " sip:a@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: "
                       "<sip:b@example.org>;tag=1\r\nTo: <sip:a@example.org>\r\nCall-ID: c\r\nCSeq: 1 " +
                       name + "\r\nContact: <sip:b@10.0.0.1>\r\n" + std::string(headers) + "Content-Length: 0\r\n\r\n");
    EXPECT_TRUE(message);
    return std::move(*message);
}

constexpr std::string_view kCredentials = "Authorization: Digest username=\"a\"\r\n";

struct Row {
    const char* method;
    std::string_view headers;
    Verdict at_20ms, at_21ms, at_51ms;
};

TEST(LoadShedding, FollowsItsTable) {
    const Row rows[] = {
        {"INVITE", "", Verdict::Pass, Verdict::Answer, Verdict::Answer},
        {"SUBSCRIBE", "", Verdict::Pass, Verdict::Pass, Verdict::Answer},
        {"MESSAGE", "", Verdict::Pass, Verdict::Pass, Verdict::Answer},
        {"REGISTER", "", Verdict::Pass, Verdict::Pass, Verdict::Drop},
        {"REGISTER", kCredentials, Verdict::Pass, Verdict::Pass, Verdict::Pass},
        {"OPTIONS", "", Verdict::Pass, Verdict::Pass, Verdict::Pass},
    };
    SeededRandom random(1);
    for (const Row& row : rows) {
        const Message message = request(row.method, row.headers);
        EXPECT_EQ(shed_load(*message, 20ms, random).verdict, row.at_20ms) << row.method;
        EXPECT_EQ(shed_load(*message, 21ms, random).verdict, row.at_21ms) << row.method;
        EXPECT_EQ(shed_load(*message, 51ms, random).verdict, row.at_51ms) << row.method;
    }
}

TEST(LoadShedding, TellsWhenToComeBackAtRandom) {
    SeededRandom random(1);
    const Message invite = request("INVITE");
    std::string seen;
    for (int i = 0; i < 50; ++i) {
        const Screening screening = shed_load(*invite, 30ms, random);
        EXPECT_EQ(screening.answer.status, 503);
        const std::string line(screening.answer.headers.text());
        const int seconds = std::stoi(line.substr(line.find(' ')));
        EXPECT_GE(seconds, 5);
        EXPECT_LE(seconds, 15);
        if (seen.find(line) == seen.npos) seen += line;
    }
    EXPECT_GT(seen.size(), 50U);
}

TEST(SourceLimiter, AHundredAtOnceThenAHundredASecond) {
    SourceLimiter limiter({});
    const IpAddress source = *IpAddress::parse("198.51.100.1");
    TimePoint now{1h};
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(limiter.admit(source, now));
    EXPECT_FALSE(limiter.admit(source, now));
    EXPECT_TRUE(limiter.admit(*IpAddress::parse("198.51.100.2"), now)) << "each source has its own";
    now += 10ms;
    EXPECT_TRUE(limiter.admit(source, now));
    EXPECT_FALSE(limiter.admit(source, now));
}

TEST(SourceLimiter, RemembersABoundedNumberOfSources) {
    SourceLimiter limiter({.per_second = 1, .burst = 1, .sources = 3});
    const TimePoint now{1h};
    const auto source = [](int i) { return IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(i)); };
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.admit(source(i), now));
    EXPECT_FALSE(limiter.admit(source(0), now)) << "and is the latest now";
    EXPECT_TRUE(limiter.admit(source(9), now));
    EXPECT_EQ(limiter.size(), 3U);
    EXPECT_FALSE(limiter.admit(source(0), now)) << "source 1 was forgotten, not this one";
}

}  // namespace
}  // namespace dp::sip
