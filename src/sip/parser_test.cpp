#include "sip/parser.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "sip/header_values.hpp"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// Counts what the whole test program allocates, so that one test can say that parsing allocates nothing.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace dp::sip {
namespace {

/// A request of which one line is put in the place of, or next to, the usual ones.
struct Draft {
    std::string start = "INVITE sip:bob@example.com SIP/2.0";
    std::string via = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1";
    std::string from = "From: <sip:alice@example.com>;tag=a1";
    std::string to = "To: <sip:bob@example.com>";
    std::string call_id = "Call-ID: c1@192.0.2.1";
    std::string cseq = "CSeq: 1 INVITE";
    std::string extra = {};  ///< whole lines with their ends
    std::string body = {};

    std::string text() const {
        std::string out;
        for (const auto& line : {start, via, from, to, call_id, cseq})
            if (!line.empty()) out += line + "\r\n";
        return out + extra + "\r\n" + body;
    }
};

Verdict parse(const std::string& text, TransportKind transport = TransportKind::Udp) {
    std::string bytes = text;
    return Parser().parse(bytes, {transport});
}

int status(const Draft& draft, TransportKind transport = TransportKind::Udp) {
    const Verdict verdict = parse(draft.text(), transport);
    if (verdict.disposition == Disposition::Drop) return 0;
    return verdict.ok() ? 200 : verdict.status;
}

const std::string kCarrierInvite =
    "INVITE sip:+14155550100@198.51.100.10:5060;transport=udp SIP/2.0\r\n"
    "Record-Route: <sip:203.0.113.7;lr;ftag=gK0c5d>\r\n"
    "Record-Route: <sip:10.11.12.13;lr;r2=on>\r\n"
    "Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK5f3d.8d2;rport\r\n"
    "Via: SIP/2.0/UDP 10.11.12.13:5060;received=10.11.12.13;branch=z9hG4bK0cB1\r\n"
    "Max-Forwards: 68\r\n"
    "From: \"ALICE\" <sip:+12125550123@203.0.113.7;isup-oli=00>;tag=gK0c5d1b2a\r\n"
    "To: <sip:+14155550100@198.51.100.10>\r\n"
    "Call-ID: 1409298_131@10.11.12.13\r\n"
    "CSeq: 102 INVITE\r\n"
    "Contact: \"ALICE\" <sip:+12125550123@10.11.12.13:5060>\r\n"
    "P-Asserted-Identity: \"ALICE\" <sip:+12125550123@10.11.12.13:5060>\r\n"
    "Allow: INVITE,ACK,CANCEL,BYE,REGISTER,REFER,INFO,UPDATE,OPTIONS\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

TEST(Parser, reads_what_every_message_needs_at_once) {
    std::string bytes = kCarrierInvite;
    Parser parser;
    ASSERT_TRUE(parser.parse(bytes, {}).ok());
    const MessageView& m = parser.message();
    EXPECT_EQ(m.method(), Method::Invite);
    EXPECT_EQ(m.request_uri().user(), "+14155550100");
    EXPECT_EQ(m.request_uri().transport(), "udp");
    EXPECT_EQ(m.top_via().branch(), "z9hG4bK5f3d.8d2");
    EXPECT_TRUE(m.top_via().wants_rport());
    EXPECT_EQ(m.from().display_name(), "ALICE");
    EXPECT_EQ(m.from_tag(), "gK0c5d1b2a");
    EXPECT_EQ(m.to_tag(), "");
    EXPECT_EQ(m.call_id(), "1409298_131@10.11.12.13");
    EXPECT_EQ(m.cseq().number, 102U);
    EXPECT_EQ(m.max_forwards(), 68);
    EXPECT_EQ(m.contact().uri().host(), "10.11.12.13");
    EXPECT_TRUE(m.has_token(HeaderId::Allow, "refer"));
    EXPECT_EQ(m.lines(HeaderId::RecordRoute).count(), 2U);
}

TEST(Parser, allocates_nothing) {
    std::string bytes = kCarrierInvite;
    Parser parser;
    const std::size_t before = allocations;
    const Verdict verdict = parser.parse(bytes, {});
    std::size_t seen = 0;
    for (std::string_view via : parser.message().elements(HeaderId::Via)) seen += via.size();
    const std::size_t after = allocations;
    EXPECT_TRUE(verdict.ok());
    EXPECT_GT(seen, 0U);
    EXPECT_EQ(after - before, 0U);
}

TEST(Parser, allocates_nothing_for_a_refusal) {
    std::string bytes = Draft{.extra = "From: <sip:eve@example.com>;tag=2\r\n"}.text();
    Parser parser;
    const std::size_t before = allocations;
    const Verdict verdict = parser.parse(bytes, {});
    const std::size_t after = allocations;
    EXPECT_EQ(verdict.status, 400);
    EXPECT_EQ(after - before, 0U);
}

TEST(Parser, a_kept_message_outlives_its_buffer_and_moves) {
    Message kept;
    {
        std::string bytes = kCarrierInvite;
        Parser parser;
        ASSERT_TRUE(parser.parse(bytes, {}).ok());
        kept = Message(parser.message());
        bytes.assign(bytes.size(), 'x');
    }
    const Message moved = std::move(kept);
    const Message copy = moved;
    for (const Message* m : {&moved, &copy}) {
        EXPECT_EQ((*m)->call_id(), "1409298_131@10.11.12.13");
        EXPECT_EQ((*m)->from().uri().user(), "+12125550123");
        EXPECT_EQ((*m)->top_via().host(), "203.0.113.7");
        EXPECT_EQ((*m)->contact().display_name(), "ALICE");
        EXPECT_EQ((*m)->value(HeaderId::PAssertedIdentity), "\"ALICE\" <sip:+12125550123@10.11.12.13:5060>");
    }
}

TEST(Parser, a_message_that_was_never_filled_is_empty) {
    const Message none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none->value(HeaderId::Via), "");
    EXPECT_TRUE(none->elements(HeaderId::Contact).empty());
    EXPECT_TRUE(Message(none.view()).empty());
}

// Tolerated.

TEST(Parser, takes_bare_line_feeds) {
    std::string text = Draft{}.text();
    std::erase(text, '\r');
    EXPECT_TRUE(parse(text).ok());
}

TEST(Parser, takes_line_ends_before_the_message) {
    EXPECT_TRUE(parse("\r\n\r\n" + Draft{}.text()).ok());
}

TEST(Parser, joins_folded_lines_with_one_space) {
    std::string bytes = Draft{.extra = "Subject: one\r\n \t two  \r\n\tthree\r\nX-After: kept\r\n"}.text();
    Parser parser;
    ASSERT_TRUE(parser.parse(bytes, {}).ok());
    EXPECT_EQ(parser.message().value(HeaderId::Subject), "one two three");
    EXPECT_EQ(parser.message().find("x-after"), "kept");
}

TEST(Parser, reads_a_message_with_joined_folds_again_to_the_same) {
    std::string bytes = Draft{.extra = "Subject: one\r\n  two\r\n\r\n"}.text();
    Parser parser;
    ASSERT_TRUE(parser.parse(bytes, {}).ok());
    const auto again = Message::parse(parser.message().bytes());
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->value(HeaderId::Subject), "one two");
}

TEST(Parser, takes_white_space_before_the_colon) {
    EXPECT_EQ(status({.call_id = "Call-ID \t : c1"}), 200);
}

TEST(Parser, takes_compact_names_and_any_case) {
    EXPECT_EQ(status({.via = "v: SIP/2.0/UDP h;branch=z9hG4bK1",
                      .from = "F: <sip:a@b>;tag=1",
                      .to = "t: <sip:c@d>",
                      .call_id = "I: c1",
                      .cseq = "cSEQ: 1 INVITE"}),
              200);
}

TEST(Parser, takes_a_missing_reason_phrase_and_lower_case_version) {
    for (const char* start : {"SIP/2.0 180 Ringing", "SIP/2.0 180 ", "SIP/2.0 180", "sip/2.0 180 Ringing"})
        EXPECT_EQ(status({.start = start, .cseq = "CSeq: 1 INVITE"}), 200) << start;
    EXPECT_EQ(status({.start = "INVITE sip:bob@example.com sip/2.0"}), 200);
}

TEST(Parser, takes_odd_display_names_in_responses_only) {
    const std::string odd = "From: Bell, A. (x) <sip:a@b>;tag=1";
    EXPECT_EQ(status({.start = "SIP/2.0 200 OK", .from = odd}), 200);
    EXPECT_EQ(status({.from = odd}), 400);
}

TEST(Parser, takes_require_in_any_method_and_unknown_via_transports_below) {
    EXPECT_EQ(status({.extra = "Via: SIP/2.0/SCTP h2;branch=z9hG4bK2\r\nRequire: x\r\n"}), 200);
}

TEST(Parser, missing_content_length_means_the_rest_of_a_datagram_or_websocket_message) {
    for (auto kind : {TransportKind::Udp, TransportKind::Ws, TransportKind::Wss}) {
        std::string bytes = Draft{.body = "body"}.text();
        Parser parser;
        ASSERT_TRUE(parser.parse(bytes, {kind}).ok());
        EXPECT_EQ(parser.message().body(), "body");
    }
    EXPECT_EQ(status({.body = "body"}, TransportKind::Tcp), 400);
}

// Refused.

TEST(Parser, refuses_a_second_single_header) {
    for (const char* extra : {"From: <sip:x@y>;tag=2\r\n", "t: <sip:x@y>\r\n", "i: c2\r\n", "CSeq: 1 INVITE\r\n",
                              "Max-Forwards: 1\r\nMax-Forwards: 1\r\n", "l: 0\r\nContent-Length: 0\r\n"})
        EXPECT_EQ(status({.extra = extra}), 400) << extra;
}

TEST(Parser, refuses_wrong_lengths) {
    for (const char* length : {"5", "-1", "0x4", "4 4", "4294967300", "99999999999999999999", "+4", ""})
        EXPECT_EQ(status({.extra = std::string("Content-Length: ") + length + "\r\n", .body = "body"}), 400) << length;
}

TEST(Parser, takes_noise_behind_the_body_of_a_datagram_but_of_nothing_else) {
    const Draft draft{.extra = "Content-Length: 2\r\n", .body = "body"};
    EXPECT_EQ(status(draft), 200);
    EXPECT_EQ(status(draft, TransportKind::Ws), 400);
    EXPECT_EQ(status(draft, TransportKind::Tcp), 400);
}

TEST(Parser, refuses_octets_between_name_and_colon) {
    using namespace std::string_literals;
    for (const auto& line : {"X-Internal\x01: 1\r\n"s, "X-Internal\0: 1\r\n"s, "X-Internal x: 1\r\n"s, ": 1\r\n"s,
                             "X-Internal\r: 1\r\n"s, "X-Internal\x7F: 1\r\n"s, "no colon\r\n"s, "X\xC3\xA9: 1\r\n"s})
        EXPECT_EQ(status({.extra = line}), 400) << line;
}

TEST(Parser, refuses_control_octets_in_values_except_as_quoted_pairs) {
    using namespace std::string_literals;
    for (const auto& line : {"Subject: a\0b\r\n"s, "Subject: a\rb\r\n"s, "Subject: a\x1B[b\r\n"s,
                             "Subject: \\\x07\r\n"s, "X: \"a\x07\"\r\n"s, "X: \"a\\\\\x07\"\r\n"s})
        EXPECT_EQ(status({.extra = line}), 400) << line;
    EXPECT_EQ(status({.extra = "X: \"a\\\x07 \\\x7F\"\r\n"}), 200);
    EXPECT_EQ(status({.extra = "Subject: tab\there\r\n"}), 200);
}

TEST(Parser, refuses_request_lines_with_other_than_two_spaces) {
    for (const char* start :
         {"INVITE  sip:b@c SIP/2.0", "INVITE sip:b@c  SIP/2.0", "INVITE sip:b@c SIP/2.0 ", " INVITE sip:b@c SIP/2.0",
          "INVITE sip:b@c;x y SIP/2.0", "INVITE\tsip:b@c SIP/2.0 SIP/2.0"})
        EXPECT_NE(status({.start = start}), 200) << start;
}

TEST(Parser, refuses_bad_request_uris) {
    for (const char* uri : {"<sip:b@c>", "sip:b@c?x=y", "sip:b@c:0", "sip:b@c:65536", "sip:", "sip:b@", "sip:b@[::g]"})
        EXPECT_EQ(status({.start = std::string("INVITE ") + uri + " SIP/2.0"}), 400) << uri;
    EXPECT_EQ(status({.start = "INVITE mailto:b@c SIP/2.0"}), 416);
    EXPECT_EQ(status({.start = "INVITE tel:+14155550100 SIP/2.0"}), 200);
}

TEST(Parser, answers_505_to_another_version) {
    EXPECT_EQ(status({.start = "INVITE sip:b@c SIP/3.0"}), 505);
}

TEST(Parser, refuses_a_cseq_of_another_method) {
    EXPECT_EQ(status({.cseq = "CSeq: 1 BYE"}), 400);
    EXPECT_EQ(status({.cseq = "CSeq: 1 invite"}), 400);
    EXPECT_EQ(status({.start = "FROB sip:b@c SIP/2.0", .cseq = "CSeq: 1 INVITE"}), 501);
    EXPECT_EQ(status({.start = "FROB sip:b@c SIP/2.0", .cseq = "CSeq: 1 FROB"}), 200);
}

TEST(Parser, refuses_missing_headers) {
    EXPECT_EQ(status({.from = ""}), 400);
    EXPECT_EQ(status({.to = ""}), 400);
    EXPECT_EQ(status({.call_id = ""}), 400);
    EXPECT_EQ(status({.cseq = ""}), 400);
}

TEST(Parser, is_silent_without_a_via_to_answer_by) {
    EXPECT_EQ(status({.via = ""}), 0);
    EXPECT_EQ(status({.via = "Via: SIP/2.0/UDP ;branch=z9hG4bK1"}), 0);
    EXPECT_EQ(status({.via = "Via: nonsense"}), 0);
}

TEST(Parser, never_answers_a_bad_ack) {
    EXPECT_EQ(status({.start = "ACK sip:b@c SIP/2.0", .cseq = "CSeq: 1 BYE"}), 0);
    EXPECT_EQ(status({.start = "ACK sip:b@c?x=y SIP/2.0", .cseq = "CSeq: 1 ACK"}), 0);
    EXPECT_EQ(status({.start = "ACK sip:b@c SIP/2.0", .cseq = "CSeq: 1 ACK"}), 200);
}

TEST(Parser, drops_bad_responses) {
    EXPECT_EQ(status({.start = "SIP/2.0 200 OK", .extra = "From: <sip:x@y>\r\n"}), 0);
    EXPECT_EQ(status({.start = "SIP/2.0 200 OK", .extra = "Via: SIP/2.0/UDP other;branch=z9hG4bK2\r\n"}), 0);
    for (const char* start : {"SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 2000 x", "SIP/2.0 +20 x", "SIP/2.0  200 x",
                              "SIP/2.0 abc", "SIP/2.0", "SIP/3.0 200 OK"})
        EXPECT_EQ(status({.start = start}), 0) << start;
}

TEST(Parser, drops_what_is_not_sip) {
    for (const char* text : {"", "\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02", "hello",
                             "\r\n\r\n\r\n", "A B SIP/2.0"})
        EXPECT_EQ(parse(text).disposition, Disposition::Drop) << text;
    EXPECT_EQ(parse(std::string(4, '\0')).reason, "keep-alive");
}

// Found by stream_framer_fuzz: what the framer does not skip the parser must not skip either, or they measure different
// messages.
TEST(Parser, skips_no_nul_before_a_message) {
    EXPECT_EQ(parse(std::string(1, '\0') + Draft{}.text()).disposition, Disposition::Answer);
}

TEST(Parser, keeps_a_response_whose_contact_is_nonsense) {
    std::string bytes = Draft{.start = "SIP/2.0 404 Not Found", .extra = "Contact: <<>\r\n"}.text();
    Parser parser;
    ASSERT_TRUE(parser.parse(bytes, {}).ok());
    EXPECT_TRUE(parser.message().contact().empty());
}

TEST(Parser, reads_nothing_from_the_message_before) {
    Parser parser;
    std::string first = Draft{.extra = "Contact: *\r\nSubject: s\r\n"}.text();
    std::string second = Draft{}.text();
    ASSERT_TRUE(parser.parse(first, {}).ok());
    ASSERT_TRUE(parser.parse(second, {}).ok());
    EXPECT_FALSE(parser.message().contact_is_star());
    EXPECT_FALSE(parser.message().has(HeaderId::Subject));
}

// Limits, at n and at n + 1.

TEST(ParserLimits, identifiers) {
    const auto with = [](std::size_t n) { return std::string(n, 'x'); };
    EXPECT_EQ(status({.call_id = "Call-ID: " + with(512)}), 200);
    EXPECT_EQ(status({.call_id = "Call-ID: " + with(513)}), 400);
    EXPECT_EQ(status({.from = "From: <sip:a@b>;tag=" + with(512)}), 200);
    EXPECT_EQ(status({.from = "From: <sip:a@b>;tag=" + with(513)}), 400);
    EXPECT_EQ(status({.via = "Via: SIP/2.0/UDP h;branch=z9hG4bK" + with(505)}), 200);
    EXPECT_EQ(status({.via = "Via: SIP/2.0/UDP h;branch=z9hG4bK" + with(506)}), 400);
}

TEST(ParserLimits, uris) {
    const auto uri = [](std::size_t n) { return "sip:" + std::string(n - 6, 'u') + "@h"; };
    EXPECT_EQ(status({.start = "INVITE " + uri(1024) + " SIP/2.0"}), 200);
    EXPECT_EQ(status({.start = "INVITE " + uri(1025) + " SIP/2.0"}), 414);
    EXPECT_EQ(status({.to = "To: <" + uri(1024) + ">"}), 200);
    EXPECT_EQ(status({.to = "To: <" + uri(1025) + ">"}), 400);
}

TEST(ParserLimits, parameters) {
    const auto params = [](int n) {
        std::string out;
        for (int i = 0; i < n; ++i) out += ";p" + std::to_string(i);
        return out;
    };
    EXPECT_EQ(status({.start = "INVITE sip:a@b" + params(32) + " SIP/2.0"}), 200);
    EXPECT_EQ(status({.start = "INVITE sip:a@b" + params(33) + " SIP/2.0"}), 400);
    EXPECT_EQ(status({.to = "To: <sip:a@b>" + params(32)}), 200);
    EXPECT_EQ(status({.to = "To: <sip:a@b>" + params(33)}), 400);
    EXPECT_EQ(status({.via = "Via: SIP/2.0/UDP h;branch=z9hG4bK1" + params(31)}), 200);
    EXPECT_EQ(status({.via = "Via: SIP/2.0/UDP h;branch=z9hG4bK1" + params(32)}), 400);
}

TEST(ParserLimits, header_lines) {
    const auto lines = [](int n) {
        std::string out;
        for (int i = 0; i < n; ++i) out += "X: 1\r\n";
        return out;
    };
    EXPECT_EQ(status({.extra = lines(128 - 5)}), 200);
    EXPECT_EQ(status({.extra = lines(128 - 4)}), 400);
}

TEST(ParserLimits, one_header_line) {
    const auto line = [](std::size_t n) { return "X: " + std::string(n - 5, 'x') + "\r\n"; };
    EXPECT_EQ(status({.extra = line(8192)}), 200);
    EXPECT_EQ(status({.extra = line(8193)}), 400);
}

TEST(ParserLimits, a_folded_header_line_counts_as_one) {
    std::string folded = "X: 1\r\n";
    while (folded.size() < 8192) folded += " y\r\n";
    EXPECT_EQ(status({.extra = folded}), 400);
}

TEST(ParserLimits, header_section) {
    const auto padded = [](std::size_t total) {
        Draft draft;
        while (draft.text().size() + 8000 < total) draft.extra += "X: " + std::string(7000 - 5, 'x') + "\r\n";
        draft.extra += "X: " + std::string(total - draft.text().size() - 5, 'x') + "\r\n";
        return draft;
    };
    EXPECT_EQ(padded(32 * 1024).text().size(), 32U * 1024);
    EXPECT_EQ(status(padded(32 * 1024)), 200);
    EXPECT_EQ(status(padded(32 * 1024 + 1)), 513);
}

TEST(ParserLimits, message) {
    const auto with_body = [](std::size_t total) {
        Draft draft;
        draft.body = std::string(total - draft.text().size(), 'b');
        return draft;
    };
    EXPECT_EQ(status(with_body(65'536)), 200);
    EXPECT_EQ(status(with_body(65'537)), 513);
}

TEST(ParserLimits, via_values) {
    const auto vias = [](int n) {
        std::string out = "Via: SIP/2.0/UDP h;branch=z9hG4bK1";
        for (int i = 1; i < n; ++i) out += ", SIP/2.0/UDP h";
        return out;
    };
    EXPECT_EQ(status({.via = vias(70)}), 200);
    EXPECT_EQ(status({.via = vias(71)}), 400);
}

TEST(ParserLimits, contacts) {
    const auto contacts = [](int n) {
        std::string out = "Contact: <sip:a@b>";
        for (int i = 1; i < n; ++i) out += ", <sip:a@b>";
        return out + "\r\n";
    };
    EXPECT_EQ(status({.extra = contacts(10)}), 200);
    EXPECT_EQ(status({.extra = contacts(11)}), 400);
}

TEST(ParserLimits, numbers) {
    EXPECT_EQ(status({.cseq = "CSeq: 4294967295 INVITE"}), 200);
    EXPECT_EQ(status({.cseq = "CSeq: 4294967296 INVITE"}), 400);
    EXPECT_EQ(status({.extra = "Max-Forwards: 255\r\n"}), 200);
    EXPECT_EQ(status({.extra = "Max-Forwards: 256\r\n"}), 400);
}

}  // namespace
}  // namespace dp::sip
