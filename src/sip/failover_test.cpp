#include "sip/failover.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace dp::sip {
namespace {

using enum RetryVerdict;

struct Row {
    const char* name;
    CallAttempt attempt;
    RetryVerdict verdict;
    int q850;
    const char* reason;
    bool mark = false;
    bool alarm = false;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.name;
}

CallAttempt status(int code) {
    CallAttempt attempt;
    attempt.status = code;
    return attempt;
}

template <class Change>
CallAttempt status(int code, Change change) {
    CallAttempt attempt = status(code);
    change(attempt);
    return attempt;
}

class FailoverTable : public testing::TestWithParam<Row> {};

TEST_P(FailoverTable, Row) {
    const CallVerdict verdict = judge(GetParam().attempt);
    EXPECT_EQ(verdict.verdict, GetParam().verdict);
    EXPECT_EQ(verdict.q850, GetParam().q850);
    EXPECT_EQ(verdict.reason, GetParam().reason);
    EXPECT_EQ(verdict.mark_gateway, GetParam().mark);
    EXPECT_EQ(verdict.alarm, GetParam().alarm);
}

const Row kRows[] = {
    {"connect_failed", status(0, [](auto& a) { a.connect_failed = true; }), NextGateway, 38, "carrier_unreachable",
     true},
    {"timer_b", status(0, [](auto& a) { a.timed_out = true; }), NextGateway, 102, "carrier_timeout", true},
    {"s408", status(408), NextGateway, 102, "carrier_timeout"},
    {"s408_rang", status(408, [](auto& a) { a.rang = true; }), Final, 102, "no_answer"},
    {"s500", status(500), NextGateway, 41, "carrier_failure"},
    {"s502", status(502), NextGateway, 38, "carrier_failure"},
    {"s504", status(504), NextGateway, 102, "carrier_timeout"},
    {"s505", status(505), NextGateway, 127, "carrier_failure"},
    {"s513", status(513), NextGateway, 127, "carrier_failure"},
    {"s580", status(580), NextGateway, 41, "carrier_failure"},
    {"s503", status(503), NextGateway, 41, "carrier_unavailable"},
    {"s503_retry_after",
     status(503,
            [](auto& a) {
                a.has_retry_after = true;
                a.retry_after = 60;
            }),
     NextTrunk, 41, "carrier_unavailable", true},
    {"s503_cps", status(503, [](auto& a) { a.phrase = "CPS exceeded"; }), NextTrunk, 41, "trunk_limit_reached"},
    {"s503_concurrent", status(503, [](auto& a) { a.phrase = "Concurrent Call Limit reached"; }), NextTrunk, 41,
     "trunk_limit_reached"},
    {"s503_busy", status(503, [](auto& a) { a.q850 = 17; }), Final, 17, "busy"},
    {"s503_unallocated", status(503, [](auto& a) { a.q850 = 1; }), NextGateway, 1, "number_unknown"},
    {"s403", status(403), Final, 21, "rejected_by_carrier"},
    {"s403_channels", status(403, [](auto& a) { a.phrase = "Channel limit"; }), NextTrunk, 21, "trunk_limit_reached"},
    {"s403_balance", status(403, [](auto& a) { a.phrase = "Insufficient Balance"; }), NextTrunk, 21,
     "trunk_limit_reached"},
    {"s401", status(401), NextTrunk, 21, "trunk_authentication_failed", false, true},
    {"s407", status(407), NextTrunk, 21, "trunk_authentication_failed", false, true},
    {"s402", status(402), NextTrunk, 21, "trunk_misconfigured", false, true},
    {"s405", status(405), NextTrunk, 63, "trunk_misconfigured", false, true},
    {"s406", status(406), NextTrunk, 79, "trunk_misconfigured", false, true},
    {"s416", status(416), NextTrunk, 127, "trunk_misconfigured", false, true},
    {"s420", status(420), NextTrunk, 127, "trunk_misconfigured", false, true},
    {"s421", status(421), NextTrunk, 127, "trunk_misconfigured", false, true},
    {"s415", status(415), RetrySame, 79, "incompatible_media"},
    {"s488", status(488), RetrySame, 65, "incompatible_media"},
    {"s606", status(606), RetrySame, 88, "incompatible_media"},
    {"s422", status(422), RetrySame, 127, "session_interval_too_small"},
    {"s491", status(491), RetrySame, 41, "call_failed"},
    {"s500_soon",
     status(500,
            [](auto& a) {
                a.has_retry_after = true;
                a.retry_after = 10;
            }),
     RetrySame, 41, "carrier_failure"},
    {"s500_late",
     status(500,
            [](auto& a) {
                a.has_retry_after = true;
                a.retry_after = 11;
            }),
     NextGateway, 41, "carrier_failure"},
    {"s404", status(404), Final, 1, "number_unknown"},
    {"s410", status(410), Final, 22, "number_changed"},
    {"s484", status(484), Final, 28, "number_incomplete"},
    {"s485", status(485), Final, 1, "number_unknown"},
    {"s604", status(604), Final, 1, "number_unknown"},
    {"s480", status(480), Final, 18, "unavailable"},
    {"s486", status(486), Final, 17, "busy"},
    {"s600", status(600), Final, 17, "busy"},
    {"s603", status(603), Final, 21, "declined"},
    {"s607", status(607), Final, 21, "blocked_as_unwanted", false, true},
    {"s608", status(608), Final, 21, "blocked_as_unwanted", false, true},
    {"s487", status(487), Final, 16, "cancelled"},
    {"s481", status(481), Final, 41, "call_failed"},
    {"s482", status(482), Final, 25, "routing_loop", false, true},
    {"s483", status(483), Final, 25, "routing_loop", false, true},
    {"s300", status(300), Follow, 23, "redirected"},
    {"s302", status(302), Follow, 23, "redirected"},
    {"s305", status(305), Follow, 23, "redirected"},
    {"s380", status(380), Final, 127, "call_failed"},
    {"s418", status(418), Final, 127, "call_failed"},
    {"early_description", status(503, [](auto& a) { a.early_description = true; }), Final, 41, "carrier_unavailable"},
};

INSTANTIATE_TEST_SUITE_P(All, FailoverTable, testing::ValuesIn(kRows), [](const auto& p) { return p.param.name; });

TEST(Q850, ToStatusAsInRfc3398) {
    const std::pair<int, int> rows[] = {{1, 404},   {2, 404},   {3, 404},   {17, 486}, {18, 408}, {19, 480}, {20, 480},
                                        {21, 403},  {22, 410},  {23, 410},  {26, 404}, {27, 502}, {28, 484}, {29, 501},
                                        {31, 480},  {34, 503},  {38, 503},  {41, 503}, {42, 503}, {47, 503}, {55, 403},
                                        {57, 403},  {58, 503},  {65, 488},  {70, 488}, {79, 501}, {87, 403}, {88, 503},
                                        {102, 504}, {111, 500}, {127, 500}, {99, 500}};
    for (const auto& [cause, code] : rows) EXPECT_EQ(status_of_q850(cause), code) << cause;
}

TEST(Q850, FromStatus) {
    EXPECT_EQ(q850_of_status(486), 17);
    EXPECT_EQ(q850_of_status(404), 1);
    EXPECT_EQ(q850_of_status(504), 102);
    EXPECT_EQ(q850_of_status(999), 127);
    EXPECT_EQ(reason_of_q850(17), "busy");
    EXPECT_EQ(reason_of_q850(99), "call_failed");
}

}  // namespace
}  // namespace dp::sip
