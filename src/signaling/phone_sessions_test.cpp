#include "signaling/phone_sessions.hpp"

#include <gtest/gtest.h>

namespace dp::signaling {
namespace {

using Kind = sip::RegistrarEvent::Kind;
using telephony::PhoneBaseSettings;

telephony::Ptr<PhoneBaseSettings> settings_with(std::uint8_t dscp) {
    auto out = std::make_shared<PhoneBaseSettings>();
    out->transport_dscp = dscp;
    return out;
}

class PhoneSessionsTest : public ::testing::Test {
protected:
    /// What the session of `binding` has after the event; 0: nothing.
    int after(Kind kind, std::uint64_t binding, const std::string& call_id, std::uint8_t present) {
        sip::RegistrarEvent event;
        event.kind = kind;
        event.binding.id = sip::BindingId(binding);
        event.binding.aor = "ann@dialplane.test";
        event.binding.call_id = call_id;
        sessions.take(event, settings_with(present), WallTime{});
        const auto bound = sessions.of(event.binding.id);
        return bound ? bound->transport_dscp : 0;
    }
    PhoneSessions sessions;
};

TEST_F(PhoneSessionsTest, ALogInBindsThePresentSettingsAndKeepsThem) {
    EXPECT_EQ(after(Kind::Added, 1, "boot-1", 10), 10);
    EXPECT_EQ(after(Kind::Refreshed, 1, "boot-1", 20), 10);
    EXPECT_EQ(after(Kind::FlowChanged, 1, "boot-1", 20), 10);
    EXPECT_EQ(after(Kind::FlowLost, 1, "boot-1", 20), 10);
}

TEST_F(PhoneSessionsTest, AnotherCallIdIsANewLogIn) {
    after(Kind::Added, 1, "boot-1", 10);
    EXPECT_EQ(after(Kind::Refreshed, 1, "boot-2", 20), 20);
}

TEST_F(PhoneSessionsTest, ALogOutEndsTheSession) {
    after(Kind::Added, 1, "boot-1", 10);
    EXPECT_EQ(after(Kind::Removed, 1, "boot-1", 20), 0);
    EXPECT_EQ(after(Kind::Added, 2, "boot-1", 20), 20);
}

TEST_F(PhoneSessionsTest, ALostConnectionDoesNot) {
    for (const Kind lost : {Kind::Disconnected, Kind::Expired}) {
        after(Kind::Added, 1, "boot-1", 10);
        EXPECT_EQ(after(lost, 1, "boot-1", 20), 0);
        EXPECT_EQ(after(Kind::Added, 2, "boot-1", 20), 10);
        after(Kind::Removed, 2, "boot-1", 20);
    }
}

TEST_F(PhoneSessionsTest, OnlyTheNewestLostSessionsAreRemembered) {
    for (std::size_t i = 0; i <= PhoneSessions::kRemembered; ++i) {
        after(Kind::Added, i, "boot-" + std::to_string(i), 10);
        after(Kind::Expired, i, "boot-" + std::to_string(i), 10);
    }
    EXPECT_EQ(after(Kind::Added, 100, "boot-0", 20), 20);
    EXPECT_EQ(after(Kind::Added, 101, "boot-" + std::to_string(PhoneSessions::kRemembered), 20), 10);
}

TEST_F(PhoneSessionsTest, APhoneWithoutBaseSettingsHasNone) {
    sip::RegistrarEvent event;
    event.binding.id = sip::BindingId(1);
    event.binding.call_id = "boot-1";
    sessions.take(event, nullptr, WallTime{});
    EXPECT_EQ(sessions.of(sip::BindingId(1)), nullptr);
}

}  // namespace
}  // namespace dp::signaling
