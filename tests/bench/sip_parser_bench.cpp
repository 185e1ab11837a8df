// What reading one message costs: every check of parser.hpp, with R-URI, From, To, top Via and the first Contact
// parsed. Beside it: keeping a message, writing a request and a response, and one digest check. Target for the carrier
// INVITE: 400 ns.

#include <benchmark/benchmark.h>

#include <string>

#include "sip/digest_server.hpp"
#include "sip/message_builder.hpp"
#include "sip/parser.hpp"

namespace {

using namespace dp::sip;

std::string with_length(std::string headers, const std::string& body) {
    return headers.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

const std::string kAudioSdp =
    "v=0\r\no=- 3911 3911 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 "
    "0-15\r\na=ptime:20\r\n"
    "a=sendrecv\r\n";

const std::string kPlainInvite = with_length(
    "INVITE sip:service@198.51.100.20:5060 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-2212-1-0\r\n"
    "From: sipp <sip:sipp@192.0.2.10:5060>;tag=2212SIPpTag001\r\n"
    "To: service <sip:service@198.51.100.20:5060>\r\n"
    "Call-ID: 1-2212@192.0.2.10\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: sip:sipp@192.0.2.10:5060\r\n"
    "Max-Forwards: 70\r\n"
    "Subject: Performance Test\r\n"
    "Content-Type: application/sdp\r\n",
    kAudioSdp);

const std::string kIdentity(620, 'J');

const std::string kCarrierInvite = with_length(
    "INVITE sip:+14155550100@198.51.100.10:5060;transport=udp SIP/2.0\r\n"
    "Record-Route: <sip:203.0.113.7;r2=on;lr;ftag=gK0c5d1b2a>\r\n"
    "Record-Route: <sip:10.11.12.13;r2=on;lr;ftag=gK0c5d1b2a>\r\n"
    "Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK5f3d.8d2b0c17a9e4.0;rport\r\n"
    "Via: SIP/2.0/UDP 10.11.12.13:5060;received=10.11.12.13;rport=5060;branch=z9hG4bK0cB12f6a7731c6e\r\n"
    "Max-Forwards: 67\r\n"
    "From: \"WIRELESS CALLER\" <sip:+12125550123@203.0.113.7:5060;isup-oli=62;user=phone>;tag=gK0c5d1b2a\r\n"
    "To: <sip:+14155550100@198.51.100.10;user=phone>\r\n"
    "Call-ID: 1409298_131970741@10.11.12.13\r\n"
    "CSeq: 821102 INVITE\r\n"
    "Contact: \"WIRELESS CALLER\" <sip:+12125550123@10.11.12.13:5060;did=be1.7a3f0>\r\n"
    "P-Asserted-Identity: \"WIRELESS CALLER\" <sip:+12125550123@203.0.113.7:5060>\r\n"
    "P-Charging-Vector: icid-value=4a1f2b3c4d5e6f70;icid-generated-at=10.11.12.13\r\n"
    "Diversion: <sip:+13125550199@203.0.113.7>;privacy=off;reason=unconditional;counter=1\r\n"
    "Identity: " +
        kIdentity +
        ";info=<https://cert.example.com/passport.pem>;alg=ES256;ppt=shaken\r\n"
        "Allow: INVITE,ACK,CANCEL,BYE,REGISTER,REFER,INFO,SUBSCRIBE,NOTIFY,PRACK,UPDATE,OPTIONS,MESSAGE,PUBLISH\r\n"
        "Accept: application/sdp, application/isup, application/dtmf, application/dtmf-relay, multipart/mixed\r\n"
        "Supported: timer,100rel,precondition,replaces\r\n"
        "Session-Expires: 1800;refresher=uac\r\n"
        "Min-SE: 90\r\n"
        "User-Agent: Carrier-SBC/9.3.1\r\n"
        "X-Carrier-Id: 4421\r\n"
        "Content-Disposition: session; handling=required\r\n"
        "Content-Type: application/sdp\r\n",
    kAudioSdp);

std::string browser_sdp() {
    std::string sdp = kAudioSdp;
    for (int i = 0; i < 8; ++i)
        sdp += "a=candidate:" + std::to_string(842163049 + i) + " 1 udp 1677729535 203.0.113.20 " +
               std::to_string(49152 + i) + " typ srflx raddr 10.0.0.4 rport 52417 generation 0 network-cost 999\r\n";
    sdp += "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=fingerprint:sha-256 " + std::string(95, 'A') +
           "\r\n";
    for (int i = 0; i < 12; ++i)
        sdp += "a=extmap:" + std::to_string(i + 1) + " urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n";
    return sdp;
}

const std::string kBrowserInvite = with_length(
    "INVITE sip:+14155550100@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK7782361\r\n"
    "Max-Forwards: 69\r\n"
    "To: <sip:+14155550100@example.com>\r\n"
    "From: \"Agent 7\" <sip:agent7@example.com>;tag=q2aud0lbq8\r\n"
    "Call-ID: 5g6rtmpvufnqlqf6fqtn\r\n"
    "CSeq: 4431 INVITE\r\n"
    "Contact: <sip:0hg2nq3s@df7jal23ls0d.invalid;transport=ws;ob>\r\n"
    "Content-Type: application/sdp\r\n"
    "Session-Expires: 90\r\n"
    "Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\n"
    "Supported: timer,ice,replaces,outbound\r\n"
    "User-Agent: JsSIP 3.10.1\r\n",
    browser_sdp());

const std::string kOk = with_length(
    "SIP/2.0 200 OK\r\n"
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-2212-1-0;received=192.0.2.10;rport=5060\r\n"
    "Record-Route: <sip:203.0.113.7;lr>\r\n"
    "From: sipp <sip:sipp@192.0.2.10:5060>;tag=2212SIPpTag001\r\n"
    "To: service <sip:service@198.51.100.20:5060>;tag=2211SIPpTag011\r\n"
    "Call-ID: 1-2212@192.0.2.10\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:198.51.100.20:5060;transport=UDP>\r\n"
    "Allow: INVITE, ACK, BYE, CANCEL\r\n"
    "Content-Type: application/sdp\r\n",
    kAudioSdp);

const std::string kRegister = with_length(
    "REGISTER sip:example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-2212-9-3;rport\r\n"
    "From: <sip:alice@example.com>;tag=2212SIPpTag009\r\n"
    "To: <sip:alice@example.com>\r\n"
    "Call-ID: 9-2212@192.0.2.10\r\n"
    "CSeq: 2 REGISTER\r\n"
    "Contact: "
    "<sip:alice@192.0.2.10:5060>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=1\r\n"
    "Max-Forwards: 70\r\n"
    "Expires: 3600\r\n"
    "Authorization: Digest "
    "username=\"alice\",realm=\"example.com\",nonce=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",uri=\"sip:example.com\","
    "response=\"8ca523f5e9506fed4657c9700eebdbec\",algorithm=MD5,cnonce=\"6b8b4567\",qop=auth,nc=00000001\r\n",
    "");

void parse(benchmark::State& state, const std::string& message) {
    std::string buffer = message;
    Parser parser;
    if (!parser.parse(buffer, {}).ok()) state.SkipWithError("the message is refused");
    for (auto step : state) {
        (void)step;
        benchmark::DoNotOptimize(parser.parse(buffer, {}));
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
    state.counters["octets"] = static_cast<double>(message.size());
}

BENCHMARK_CAPTURE(parse, plain_invite, kPlainInvite);
BENCHMARK_CAPTURE(parse, carrier_invite, kCarrierInvite);
BENCHMARK_CAPTURE(parse, browser_invite, kBrowserInvite);
BENCHMARK_CAPTURE(parse, ok_to_invite, kOk);
BENCHMARK_CAPTURE(parse, register_with_authorization, kRegister);

void keep_carrier_invite(benchmark::State& state) {
    const Message message = *Message::parse(kCarrierInvite);
    for (auto step : state) {
        (void)step;
        benchmark::DoNotOptimize(Message(message.view()));
    }
}
BENCHMARK(keep_carrier_invite);

void answer_carrier_invite(benchmark::State& state) {
    const Message message = *Message::parse(kCarrierInvite);
    const dp::Endpoint source = *dp::Endpoint::parse("203.0.113.7:5060");
    std::string out;
    for (auto step : state) {
        (void)step;
        ResponseBuilder builder(out, *message, 180, {.reason = {}, .to_tag = "4fQb0c", .source = &source});
        benchmark::DoNotOptimize(builder.finish());
    }
}
BENCHMARK(answer_carrier_invite);

void build_invite(benchmark::State& state) {
    std::string out;
    for (auto step : state) {
        (void)step;
        RequestBuilder builder(out, Method::Invite, "sip:+14155550100@198.51.100.10");
        builder.via({TransportKind::Udp, "192.0.2.10", 5060, "z9hG4bK0123456789abcdef"})
            .number(HeaderId::MaxForwards, 69)
            .address(HeaderId::From, {"Alice", "sip:+12125550123@example.com", "tag-0123456789", {}})
            .address(HeaderId::To, {{}, "sip:+14155550100@198.51.100.10", {}, {}})
            .header(HeaderId::CallId, "0123456789abcdef0123456789abcdef")
            .cseq(1, Method::Invite)
            .address(HeaderId::Contact, {{}, "sip:192.0.2.10:5060", {}, {}})
            .header(HeaderId::Allow, "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS")
            .body("application/sdp", kAudioSdp);
        benchmark::DoNotOptimize(builder.finish());
    }
}
BENCHMARK(build_invite);

void check_register(benchmark::State& state) {
    dp::SeededRandom random(1);
    DigestServer server({.realm = "example.com"}, random, dp::TimePoint{});
    const Message message = *Message::parse(kRegister);
    const DigestSecret secret{"0123456789abcdef0123456789abcdef", {}};
    for (auto step : state) {
        (void)step;
        benchmark::DoNotOptimize(server.check(*message, TransportKind::Udp, dp::TimePoint{},
                                              [&](auto, auto) { return std::optional(secret); }));
    }
}
BENCHMARK(check_register);

void make_challenge(benchmark::State& state) {
    dp::SeededRandom random(1);
    DigestServer server({.realm = "example.com"}, random, dp::TimePoint{});
    for (auto step : state) {
        (void)step;
        benchmark::DoNotOptimize(server.challenge(TransportKind::Udp, false, dp::TimePoint{}));
    }
}
BENCHMARK(make_challenge);

}  // namespace
