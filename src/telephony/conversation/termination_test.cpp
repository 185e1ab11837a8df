#include "telephony/conversation/termination.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dp::telephony {
namespace {

struct Row {
    EndReason reason;
    const char* name;
    EndResult before;
    EndResult after;
    const char* genesys;
    int sip;
    int q850;
};

constexpr auto D = EndResult::Disconnected;
constexpr auto F = EndResult::Failed;

class TerminationRow : public ::testing::TestWithParam<Row> {};

TEST_P(TerminationRow, SaysTheSameOnEverySurface) {
    const Row& row = GetParam();
    const EndFacts& table = facts(row.reason);
    EXPECT_EQ(table.name, row.name);
    EXPECT_EQ(table.genesys_disconnect_type, row.genesys);
    EXPECT_EQ(table.sip_status, row.sip);
    EXPECT_EQ(table.q850, row.q850);
    EXPECT_EQ(end_reason_from(row.name), row.reason);
    EXPECT_EQ(terminate(row.reason, Reached::NotConnected).result, row.before);
    EXPECT_EQ(terminate(row.reason, Reached::Connected).result, row.after);
    EXPECT_EQ(terminate(row.reason, Reached::Connected).q850, row.q850);
}

INSTANTIATE_TEST_SUITE_P(
    EveryReason, TerminationRow,
    ::testing::Values(Row{EndReason::AgentUnreachable, "agent_unreachable", F, D, "transfer.notavailable", 480, 20},
                      Row{EndReason::AgentNoAnswer, "agent_no_answer", F, D, "timeout", 480, 19},
                      Row{EndReason::AgentDeclined, "agent_declined", F, D, "endpoint", 603, 21},
                      Row{EndReason::CallerHangup, "caller_hangup", D, D, "client", 487, 16},
                      Row{EndReason::AgentHangup, "agent_hangup", D, D, "client", 487, 16},
                      Row{EndReason::RemoteHangup, "remote_hangup", D, D, "peer", 487, 16},
                      Row{EndReason::Busy, "busy", F, D, "peer", 486, 17},
                      Row{EndReason::NoAnswer, "no_answer", F, D, "timeout", 480, 19},
                      Row{EndReason::Rejected, "rejected", F, D, "peer", 603, 21},
                      Row{EndReason::NumberNotFound, "number_not_found", F, D, "peer", 404, 1},
                      Row{EndReason::NoTrunkAvailable, "no_trunk_available", F, D, "system", 503, 34},
                      Row{EndReason::TrunkFailed, "trunk_failed", F, D, "transport.failure", 503, 38},
                      Row{EndReason::IncompatibleMedia, "incompatible_media", F, D, "error", 488, 88},
                      Row{EndReason::MediaTimeout, "media_timeout", F, D, "timeout", 480, 41},
                      Row{EndReason::IceFailed, "ice_failed", F, D, "transport.failure", 480, 41},
                      Row{EndReason::DtlsFailed, "dtls_failed", F, D, "transport.failure", 480, 41},
                      Row{EndReason::Cancelled, "cancelled", D, D, "client", 487, 16},
                      Row{EndReason::ApiDisconnect, "api_disconnect", D, D, "client", 487, 16},
                      Row{EndReason::Overloaded, "overloaded", F, D, "system", 503, 42},
                      Row{EndReason::ServerRestart, "server_restart", F, F, "system", 503, 41},
                      Row{EndReason::ServerShutdown, "server_shutdown", F, D, "system", 503, 41},
                      Row{EndReason::TransportError, "transport_error", F, D, "transport.failure", 503, 38},
                      Row{EndReason::SessionExpired, "session_expired", F, D, "timeout", 408, 102},
                      Row{EndReason::Unrouted, "inbound_unrouted", F, D, "system", 480, 20},
                      Row{EndReason::Transferred, "transferred", D, D, "transfer", 487, 16},
                      Row{EndReason::InternalError, "internal_error", F, F, "error", 500, 41}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Termination, EveryReasonHasItsOwnName) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kEndReasons; ++i) names.insert(facts(static_cast<EndReason>(i)).name);
    EXPECT_EQ(names.size(), kEndReasons);
    EXPECT_EQ(end_reason_from("no such reason"), std::nullopt);
}

TEST(Termination, WhatTheFarEndSaidWinsOverTheTable) {
    const Termination ended = terminate(EndReason::Busy, Reached::NotConnected, 600, 18);
    EXPECT_EQ(ended.sip_status, 600);
    EXPECT_EQ(ended.q850, 18);
}

TEST(ReasonOfFinal, FollowsTheFailoverTable) {
    const std::pair<int, EndReason> rows[] = {
        {486, EndReason::Busy},
        {600, EndReason::Busy},
        {480, EndReason::NoAnswer},
        {408, EndReason::NoAnswer},
        {403, EndReason::Rejected},
        {603, EndReason::Rejected},
        {607, EndReason::Rejected},
        {608, EndReason::Rejected},
        {404, EndReason::NumberNotFound},
        {410, EndReason::NumberNotFound},
        {484, EndReason::NumberNotFound},
        {604, EndReason::NumberNotFound},
        {488, EndReason::IncompatibleMedia},
        {415, EndReason::IncompatibleMedia},
        {487, EndReason::Cancelled},
        {500, EndReason::TrunkFailed},
        {503, EndReason::TrunkFailed},
        {502, EndReason::TrunkFailed},
    };
    for (const auto& [status, reason] : rows) EXPECT_EQ(reason_of_final(status), reason) << status;
}

// "503 with cause 17 is busy".
TEST(ReasonOfFinal, AQ850CauseWinsOverTheStatus) {
    EXPECT_EQ(reason_of_final(503, 17), EndReason::Busy);
    EXPECT_EQ(reason_of_final(480, 1), EndReason::NumberNotFound);
    EXPECT_EQ(reason_of_final(486, 16), EndReason::Busy) << "normal clearing says nothing";
}

}  // namespace
}  // namespace dp::telephony
