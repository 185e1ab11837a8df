#include "telephony/diagnostics/ice_sessions.hpp"

#include <gtest/gtest.h>

namespace dp::telephony {
namespace {

IceSession session(const std::string& user, std::int64_t number, const std::string& organization = "org") {
    IceSession out;
    out.organization = OrganizationId(organization);
    out.user = UserId(user);
    out.candidates.host = number;
    return out;
}

TEST(IceSessions, NewestFirstAndNobodyElses) {
    IceSessions sessions;
    sessions.add(session("a", 1));
    sessions.add(session("b", 2));
    sessions.add(session("a", 3));
    sessions.add(session("a", 4, "other"));
    const auto of_a = sessions.newest(OrganizationId("org"), UserId("a"), 10);
    ASSERT_EQ(of_a.size(), 2U);
    EXPECT_EQ(of_a[0].candidates.host, 3);
    EXPECT_EQ(sessions.newest(OrganizationId("org"), {}, 10).size(), 3U);
    EXPECT_EQ(sessions.newest(OrganizationId("org"), {}, 1).size(), 1U);
}

TEST(IceSessions, AUserKeepsTheNewest) {
    IceSessions sessions;
    for (std::int64_t i = 0; i < 30; ++i) sessions.add(session("a", i));
    sessions.add(session("b", 0));
    const auto kept = sessions.newest(OrganizationId("org"), UserId("a"), 100);
    ASSERT_EQ(kept.size(), IceSessions::kPerUser);
    EXPECT_EQ(kept.front().candidates.host, 29);
    EXPECT_EQ(kept.back().candidates.host, 10);
    EXPECT_EQ(sessions.newest(OrganizationId("org"), UserId("b"), 100).size(), 1U);
}

TEST(IceSessions, AFailureHasACodeAndACause) {
    IceSession failed = session("a", 1);
    EXPECT_TRUE(diagnostic_code(failed.outcome).empty());
    EXPECT_TRUE(likely_cause(failed).empty());
    failed.outcome = IceOutcome::Failed;
    EXPECT_EQ(diagnostic_code(failed.outcome), "ICE_FAILED");
    EXPECT_NE(likely_cause(failed).find("no TURN server is configured"), std::string::npos);
    failed.errors.push_back({"stun:dead", 701, ""});
    EXPECT_NE(likely_cause(failed).find("stun:dead"), std::string::npos);
    failed.candidates.relay = 1;
    EXPECT_NE(likely_cause(failed).find("relay may not send"), std::string::npos);
    failed.outcome = IceOutcome::GatheringTimeout;
    EXPECT_EQ(diagnostic_code(failed.outcome), "CANDIDATE_GATHERING_TIMEOUT");
}

}  // namespace
}  // namespace dp::telephony
