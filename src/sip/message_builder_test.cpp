#include "sip/message_builder.hpp"

#include <gtest/gtest.h>

#include "sip/header_values.hpp"

namespace dp::sip {
namespace {

Message read(std::string_view text) {
    auto message = Message::parse(text);
    EXPECT_TRUE(message) << text;
    return message ? std::move(*message) : Message();
}

std::string request_text(const std::string& via, const std::string& extra = {}) {
    return "INVITE sip:b@h SIP/2.0\r\n" + via +
           "From: \"A\" <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n" + extra + "\r\n";
}

TEST(RequestBuilder, writes_what_the_parser_reads) {
    std::string out;
    RequestBuilder builder(out, Method::Invite, "sip:bob@example.com;transport=tcp");
    builder.via({TransportKind::Tcp, "2001:db8::1", 5060, "z9hG4bKx"})
        .address(HeaderId::From, {"Al \"x\\y\"", "sip:alice@example.com", "a1", {}})
        .address(HeaderId::To, {{}, "sip:bob@example.com", {}, ";x=1"})
        .header(HeaderId::CallId, "call-1")
        .cseq(3, Method::Invite)
        .number(HeaderId::MaxForwards, 69)
        .header("X-Extra", "yes")
        .body("application/sdp", "v=0\r\n");
    const Message m = read(builder.finish());
    EXPECT_EQ(m->request_uri().transport(), "tcp");
    EXPECT_EQ(m->top_via().host(), "2001:db8::1");
    EXPECT_EQ(m->top_via().branch(), "z9hG4bKx");
    EXPECT_TRUE(m->top_via().wants_rport());
    EXPECT_EQ(m->from().display_name(), "Al \"x\\y\"");
    EXPECT_EQ(m->from_tag(), "a1");
    EXPECT_EQ(m->to().param("x"), "1");
    EXPECT_EQ(m->cseq().number, 3U);
    EXPECT_EQ(m->max_forwards(), 69);
    EXPECT_EQ(m->value(HeaderId::ContentLength), "5");
    EXPECT_EQ(m->body(), "v=0\r\n");
}

// Control octets in any place must not make a line.
TEST(MessageBuilder, nothing_can_start_a_line) {
    const std::string evil("x\r\nX-Evil: 1\r\n\r\n\0\x7F", 18);
    std::string out;
    RequestBuilder builder(out, "MESS\r\nX-Evil: 1", "sip:b@h" + evil);
    builder.via({TransportKind::Udp, evil, 0, evil})
        .address(HeaderId::From, {evil, "sip:a@h" + evil, evil, ";p=" + evil})
        .header(HeaderId::CallId, evil)
        .header("X-Name", evil)
        .header("X-Bad\r\nX-Evil", "1")
        .header("X Bad", "1")
        .cseq(1, "INVITE\r\nX-Evil: 1")
        .body("text/plain\r\nX-Evil: 1", "b");
    builder.finish();
    EXPECT_EQ(out.find("\nX-Evil"), std::string::npos) << out;
    EXPECT_EQ(out.find("\r\n\r\n"), out.size() - 5);
    EXPECT_EQ(out.find('\0'), std::string::npos);
}

TEST(MessageBuilder, a_uri_stays_in_its_brackets) {
    std::string out;
    RequestBuilder builder(out, Method::Options, "sip:b@h SIP/2.0");
    builder.address(HeaderId::Contact, {{}, "sip:a@h>;expires=0,<sip:eve@h", {}, {}});
    builder.finish();
    EXPECT_TRUE(out.starts_with("OPTIONS sip:b@hSIP/2.0 SIP/2.0\r\n")) << out;
    EXPECT_NE(out.find("Contact: <sip:a@h;expires=0,sip:eve@h>\r\n"), std::string::npos) << out;
}

TEST(ResponseBuilder, copies_what_8_2_6_says_and_adds_the_tag) {
    const Message request = read(request_text("Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1\r\n",
                                              "Record-Route: <sip:r1;lr>\r\nRecord-Route: <sip:r2;lr>\r\n"));
    std::string out;
    ResponseBuilder builder(out, *request, 180, {.reason = {}, .to_tag = "mine"});
    const Message m = read(builder.finish());
    EXPECT_EQ(m->status(), 180);
    EXPECT_EQ(m->reason(), "Ringing");
    EXPECT_EQ(m->to_tag(), "mine");
    EXPECT_EQ(m->from_tag(), "1");
    EXPECT_EQ(m->cseq().number, 7U);
    EXPECT_EQ(m->lines(HeaderId::RecordRoute).count(), 2U);
}

TEST(ResponseBuilder, every_via_comes_back_in_order) {
    std::string bytes = request_text("Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n");
    const Message request = read(bytes);
    std::string out;
    ResponseBuilder(out, *request, 200).finish();
    const auto a = out.find("SIP/2.0/UDP a"), b = out.find("SIP/2.0/UDP b"), c = out.find("SIP/2.0/UDP c");
    EXPECT_TRUE(a < b && b < c && c != std::string::npos) << out;
}

TEST(ResponseBuilder, a_100_has_no_tag_and_keeps_the_timestamp) {
    const Message request = read(request_text("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", "Timestamp: 54\r\n"));
    std::string out;
    ResponseBuilder(out, *request, 100, {.reason = {}, .to_tag = "mine"}).finish();
    EXPECT_EQ(read(out)->to_tag(), "");
    EXPECT_EQ(read(out)->value(HeaderId::Timestamp), "54");
}

TEST(ResponseBuilder, keeps_a_to_tag_that_is_there) {
    std::string text = request_text("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n");
    text.replace(text.find("<sip:b@h>"), 9, "<sip:b@h>;tag=old");
    std::string out;
    ResponseBuilder(out, *read(text), 200, {.reason = {}, .to_tag = "mine"}).finish();
    EXPECT_EQ(read(out)->to_tag(), "old");
}

TEST(ResponseBuilder, refusals_carry_no_record_route) {
    const Message request =
        read(request_text("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", "Record-Route: <sip:r;lr>\r\n"));
    std::string out;
    ResponseBuilder(out, *request, 486).finish();
    EXPECT_FALSE(read(out)->has(HeaderId::RecordRoute));
}

std::string top_via_of(const std::string& via, const Endpoint& source) {
    const Message request = read(request_text("Via: " + via + "\r\n"));
    std::string out;
    ResponseBuilder(out, *request, 200, {.reason = {}, .to_tag = {}, .source = &source}).finish();
    return std::string(read(out)->value(HeaderId::Via));
}

// RFC 3581 4, RFC 3261 18.2.1.
TEST(ResponseBuilder, fills_rport_and_received) {
    const Endpoint source = *Endpoint::parse("192.0.2.9:41000");
    EXPECT_EQ(top_via_of("SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK1", source),
              "SIP/2.0/UDP 192.0.2.9;rport=41000;branch=z9hG4bK1;received=192.0.2.9");
    EXPECT_EQ(top_via_of("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", source), "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1");
    EXPECT_EQ(top_via_of("SIP/2.0/UDP phone.invalid;branch=z9hG4bK1", source),
              "SIP/2.0/UDP phone.invalid;branch=z9hG4bK1;received=192.0.2.9");
}

TEST(ResponseBuilder, believes_no_received_or_rport_of_the_sender) {
    const Endpoint source = *Endpoint::parse("192.0.2.9:41000");
    EXPECT_EQ(top_via_of("SIP/2.0/UDP h;received=10.0.0.1;rport=1;branch=z9hG4bK1", source),
              "SIP/2.0/UDP h;rport=41000;branch=z9hG4bK1;received=192.0.2.9");
}

TEST(ReasonPhrase, falls_back_to_the_class) {
    EXPECT_EQ(reason_phrase(486), "Busy Here");
    EXPECT_EQ(reason_phrase(499), "Bad Request");
    EXPECT_EQ(reason_phrase(699), "Busy Everywhere");
}

}  // namespace
}  // namespace dp::sip
