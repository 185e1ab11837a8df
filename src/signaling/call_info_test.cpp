#include "signaling/call_info.hpp"

#include <gtest/gtest.h>

namespace dp::signaling {
namespace {

sip::Message info(const std::string& headers, const std::string& body) {
    const std::string text =
        "INFO sip:dialplane@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/WS 10.0.0.9;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: a\r\nCSeq: 1 INFO\r\n" +
        headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    auto parsed = sip::Message::parse(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed ? std::move(*parsed) : sip::Message();
}

const std::string kHeaders = "Info-Package: dialplane-call\r\nContent-Type: application/vnd.dialplane.call\r\n";

std::optional<CallInfo> read(const std::string& body, const std::string& headers = kHeaders) {
    return read_call_info(info(headers, body).view());
}

TEST(CallInfo, ReadsWhatItWrites) {
    for (const CallAct act : {CallAct::Alert, CallAct::Release, CallAct::Accept, CallAct::Decline, CallAct::Leave}) {
        const CallInfo said{.act = act, .call = 7, .status = act == CallAct::Decline ? 486 : 603};
        EXPECT_EQ(read(write_call_info(said)), said);
    }
}

TEST(CallInfo, OtherPackagesAndTypesAreNotOurs) {
    const std::string body = "Act=accept\r\nCall=1\r\n";
    EXPECT_TRUE(read(body));
    EXPECT_FALSE(read(body, "Content-Type: application/vnd.dialplane.call\r\n"));
    EXPECT_FALSE(read(body, "Info-Package: foo\r\nContent-Type: application/vnd.dialplane.call\r\n"));
    EXPECT_FALSE(read(body, "Info-Package: dialplane-call\r\nContent-Type: text/plain\r\n"));
}

TEST(CallInfo, WhatCannotBeReadIsNothing) {
    EXPECT_FALSE(read(""));
    EXPECT_FALSE(read("Call=1\r\n"));
    EXPECT_FALSE(read("Act=explode\r\nCall=1\r\n"));
    EXPECT_FALSE(read("Act=accept\r\nCall=99999999999\r\n"));
    EXPECT_FALSE(read("Act=accept\r\nCall=-1\r\n"));
    EXPECT_FALSE(read(std::string("\0=\0\n=\n", 6)));
}

TEST(CallInfo, UnknownNamesAreIgnoredAndAStatusIsOneOfARefusal) {
    EXPECT_EQ(read("Colour=blue\r\nAct=leave\r\nCall=2\r\n"), (CallInfo{CallAct::Leave, 2, 603}));
    EXPECT_EQ(read("Act=decline\r\nCall=2\r\nStatus=200\r\n")->status, 400);
    EXPECT_EQ(read("Act=decline\r\nCall=2\r\nStatus=9999\r\n")->status, 699);
}

TEST(RecvInfo, NamesThePackageAmongOthers) {
    EXPECT_TRUE(receives_call_info(info("Recv-Info: dtmf, Dialplane-Call;v=1\r\n", "").view()));
    EXPECT_FALSE(receives_call_info(info("Recv-Info: dialplane-calls\r\n", "").view()));
    EXPECT_FALSE(receives_call_info(info("", "").view()));
}

}  // namespace
}  // namespace dp::signaling
