// The 49 messages of RFC 4475 and the 12 of RFC 5118, as they stand in tests/data, over UDP and over a stream: what
// each must come to. The files use the notation of RFC 4475 section 2: <hex>…</hex>, <repeat count="n">…</repeat>; LF
// stands for CRLF.

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "sip/body.hpp"
#include "sip/digest.hpp"
#include "sip/header_values.hpp"
#include "sip/message_builder.hpp"
#include "sip/parser.hpp"
#include "sip/registrar.hpp"
#include "sip/request_check.hpp"
#include "sip/stream_framer.hpp"

namespace dp::sip {
namespace {

constexpr int kDropped = 0;
constexpr int kFine = 200;
constexpr int kWaits = -1;  // an incomplete stream message

std::string unhex(std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        int octet = 0;
        std::from_chars(digits.data() + i, digits.data() + i + 2, octet, 16);
        out += static_cast<char>(octet);
    }
    return out;
}

// Expands the tag at `at`; returns the text that stands for it and moves `at` behind it.
std::string expand_tag(std::string_view text, std::size_t& at) {
    const std::size_t open_end = text.find('>', at) + 1;
    const bool is_hex = text.substr(at).starts_with("<hex>");
    const std::size_t close = text.find(is_hex ? "</hex>" : "</repeat>", open_end);
    const std::string_view content = text.substr(open_end, close - open_end);
    const std::size_t quote = text.find('"', at) + 1;
    const std::string_view count = is_hex ? "1" : text.substr(quote, text.find('"', quote) - quote);
    at = text.find('>', close) + 1;
    if (is_hex) return unhex(content);
    std::string out;
    for (unsigned i = ascii::parse_decimal<unsigned>(count).value_or(0); i > 0; --i) out.append(content);
    return out;
}

std::string load(const std::string& name) {
    std::ifstream file(std::string(DP_TEST_DATA) + "/" + name + ".txt", std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::stringstream raw;
    raw << file.rdbuf();
    const std::string text = raw.str();
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = std::string_view(text).substr(at);
        if (rest.starts_with("<hex>") || rest.starts_with("<repeat ")) {
            out += expand_tag(text, at);
        } else {
            if (text[at] == '\n') out += '\r';
            out += text[at++];
        }
    }
    return out;
}

// An end point as Dialplane is one: what becomes of a message that it parsed.
int outcome_of(const Verdict& verdict, const MessageView& message) {
    static constexpr Method kMethods[] = {Method::Invite, Method::Ack,      Method::Bye,
                                          Method::Cancel, Method::Register, Method::Options};
    static constexpr std::string_view kExtensions[] = {"100rel", "timer", "replaces", "path", "outbound"};
    static constexpr std::string_view kBodies[] = {"application/sdp"};
    if (verdict.disposition == Disposition::Drop) return kDropped;
    if (verdict.disposition == Disposition::Answer) return verdict.status;
    if (message.is_response()) return kFine;
    const Refusal refusal = check_request(message, {kMethods, kExtensions, kBodies});
    if (!refusal.verdict.ok()) return refusal.verdict.status;
    if (message.method() != Method::Register) return kFine;
    const auto aor = address_of_record(message.to().uri());
    if (!aor) return aor.error().code == ErrorCode::NotFound ? 404 : 400;
    if (message.has(HeaderId::Authorization) && !parse_credentials(message.value(HeaderId::Authorization))) return 401;
    return Registrar({}).process(message, *aor, Flow{}, TimePoint{}).status;
}

int over_udp(std::string bytes) {
    Parser parser;
    const Verdict verdict = parser.parse(bytes, {TransportKind::Udp});
    return outcome_of(verdict, parser.message());
}

// The outcome of each message of the stream.
std::vector<int> over_stream(const std::string& bytes) {
    StreamFramer framer;
    framer.feed(bytes, TimePoint{});
    std::vector<int> outcomes;
    while (auto event = framer.next()) {
        Parser parser;
        if (event->kind == FrameEvent::Kind::Error) outcomes.push_back(event->status);
        if (event->kind == FrameEvent::Kind::Message) {
            const Verdict verdict = parser.parse(event->bytes, {TransportKind::Tcp});
            outcomes.push_back(outcome_of(verdict, parser.message()));
        }
    }
    if (!framer.failed() && framer.buffered() > 0) outcomes.push_back(kWaits);
    return outcomes;
}

struct Case {
    const char* name;
    int udp;
    std::vector<int> stream;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

const Case kCases[] = {
    // RFC 4475 3.1.1, valid
    {"rfc4475/wsinv", kFine, {kFine}},
    {"rfc4475/intmeth", 501, {501}},
    {"rfc4475/esc01", kFine, {kFine}},
    {"rfc4475/escnull", 404, {404}},
    {"rfc4475/esc02", 501, {501}},
    {"rfc4475/lwsdisp", kFine, {kFine}},
    {"rfc4475/longreq", kFine, {kFine}},
    {"rfc4475/dblreq", kFine, {kFine, kFine}},
    {"rfc4475/semiuri", kFine, {kFine}},
    {"rfc4475/transports", kFine, {kFine}},
    {"rfc4475/mpart01", 405, {405}},
    {"rfc4475/unreason", kFine, {kFine}},
    {"rfc4475/noreason", kFine, {kFine}},
    // 3.1.2, invalid
    {"rfc4475/badinv01", 400, {400}},
    {"rfc4475/clerr", 400, {kWaits}},
    {"rfc4475/ncl", 400, {400}},
    {"rfc4475/scalar02", 400, {400}},
    {"rfc4475/scalarlg", kDropped, {kDropped}},
    {"rfc4475/quotbal", 400, {400}},
    {"rfc4475/ltgtruri", 400, {400}},
    {"rfc4475/lwsruri", 400, {400}},
    {"rfc4475/lwsstart", 400, {400}},
    {"rfc4475/trws", 400, {400}},
    {"rfc4475/escruri", 400, {400}},
    {"rfc4475/baddate", kFine, {kFine}},
    {"rfc4475/regbadct", 400, {400}},
    {"rfc4475/badaspec", 400, {400}},
    {"rfc4475/baddn", 400, {400}},
    {"rfc4475/badvers", 505, {505}},
    {"rfc4475/mismatch01", 400, {400}},
    {"rfc4475/mismatch02", 501, {501}},
    {"rfc4475/bigcode", kDropped, {kDropped}},
    // 3.2, transaction layer
    {"rfc4475/badbranch", 400, {400}},
    // 3.3, application layer
    {"rfc4475/insuf", 400, {400}},
    {"rfc4475/unkscm", 416, {416}},
    {"rfc4475/novelsc", 416, {416}},
    {"rfc4475/unksm2", 400, {400}},
    {"rfc4475/bext01", 420, {420}},
    {"rfc4475/invut", 415, {415}},
    {"rfc4475/regaut01", 401, {401}},
    {"rfc4475/multi01", 400, {400}},
    {"rfc4475/mcl01", 400, {400}},
    {"rfc4475/bcast", kDropped, {kDropped}},
    {"rfc4475/zeromf", kFine, {kFine}},
    {"rfc4475/cparam01", kFine, {kFine}},
    {"rfc4475/cparam02", kFine, {kFine}},
    {"rfc4475/regescrt", kFine, {kFine}},
    {"rfc4475/sdp01", 406, {406}},
    // 3.4, backward compatibility: without Content-Length it cannot come over a stream
    {"rfc4475/inv2543", kFine, {400}},
    // RFC 5118
    {"rfc5118/ipv6-good", kFine, {kFine}},
    {"rfc5118/ipv6-bad", 400, {400}},
    {"rfc5118/port-ambiguous", kFine, {kFine}},
    {"rfc5118/port-unambiguous", kFine, {kFine}},
    {"rfc5118/via-received-param-with-delim", kFine, {kFine}},
    {"rfc5118/via-received-param-no-delim", kFine, {kFine}},
    {"rfc5118/ipv6-in-sdp", kFine, {kFine}},
    {"rfc5118/mult-ip-in-header", kFine, {kFine}},
    {"rfc5118/mult-ip-in-sdp", kFine, {kFine}},
    {"rfc5118/ipv4-mapped-ipv6", kFine, {kFine}},
    {"rfc5118/ipv6-bug-abnf-3-colons", kFine, {kFine}},
    {"rfc5118/ipv6-correct-abnf-2-colons", kFine, {kFine}},
};

class TortureTest : public testing::TestWithParam<Case> {};

TEST_P(TortureTest, has_the_expected_outcome_over_udp) {
    EXPECT_EQ(over_udp(load(GetParam().name)), GetParam().udp);
}

TEST_P(TortureTest, has_the_expected_outcome_over_a_stream) {
    EXPECT_EQ(over_stream(load(GetParam().name)), GetParam().stream);
}

TEST_P(TortureTest, has_the_same_outcome_when_it_comes_octet_by_octet) {
    const std::string bytes = load(GetParam().name);
    StreamFramer framer;
    std::size_t messages = 0;
    for (char c : bytes) {
        framer.feed({&c, 1}, TimePoint{});
        while (auto event = framer.next()) messages += event->kind == FrameEvent::Kind::Ping ? 0 : 1;
    }
    const auto waiting = std::ranges::count(GetParam().stream, kWaits);
    EXPECT_EQ(messages, GetParam().stream.size() - static_cast<std::size_t>(waiting));
}

// A refusal must itself be a message that we would accept.
TEST_P(TortureTest, gets_a_well_formed_stateless_answer_where_it_gets_one) {
    std::string bytes = load(GetParam().name);
    Parser parser;
    const Verdict verdict = parser.parse(bytes, {});
    if (verdict.disposition != Disposition::Answer) return;
    std::string out;
    const Endpoint source{IpAddress::v4(0x7F000001), 5070};
    ResponseBuilder answer(out, parser.message(), verdict.status, {verdict.reason, "tag1", &source});
    answer.finish();
    EXPECT_TRUE(out.starts_with("SIP/2.0 " + std::to_string(verdict.status) + " ")) << out;
    EXPECT_EQ(out.find("Via: "), out.find("\r\n") + 2) << out;
    EXPECT_TRUE(out.ends_with("Content-Length: 0\r\n\r\n")) << out;
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
    std::string name = info.param.name;
    for (char& c : name)
        if (!ascii::is_alnum(c)) c = '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Rfc, TortureTest, testing::ValuesIn(kCases), case_name);

// What each message is about, beyond its verdict.

class ReadMessage {
public:
    explicit ReadMessage(const std::string& name) : bytes_(load(name)) { verdict_ = parser_.parse(bytes_, {}); }
    const MessageView* operator->() const { return &parser_.message(); }
    const MessageView& operator*() const { return parser_.message(); }

private:
    std::string bytes_;
    Parser parser_;
    Verdict verdict_;
};

TEST(Rfc4475, wsinv_is_read_through_folds_and_white_space) {
    const ReadMessage m("rfc4475/wsinv");
    EXPECT_EQ(m->to_tag(), "1918181833n");
    EXPECT_EQ(m->from_tag(), "98asjd8");
    EXPECT_EQ(m->from().display_name(), R"(J Rosenberg \")");
    EXPECT_EQ(m->max_forwards(), 68);
    EXPECT_EQ(m->cseq().number, 9U);
    EXPECT_EQ(m->elements(HeaderId::Via).count(), 3U);
    EXPECT_EQ(m->top_via().host(), "192.0.2.2");
    EXPECT_EQ(m->top_via().branch(), "390skdjuw");
    EXPECT_EQ(vias(*m)->at(1).branch(), "z9hG4bK9ikj8");
    EXPECT_EQ(vias(*m)->at(2).branch(), "z9hG4bK30239");
    EXPECT_EQ(m->find("newfangledheader"), "newfangled value continued newfangled value");
    EXPECT_EQ(m->contact().display_name(), R"(Quoted string "")");
    EXPECT_EQ(m->contact().param("newparam"), "newvalue");
    EXPECT_EQ(m->contact().param("q"), "0.33");
    EXPECT_TRUE(addresses(*m, HeaderId::Route)->at(0).uri().has_lr());
    EXPECT_EQ(sdp_body(*m)->size(), 150U);
}

TEST(Rfc4475, intmeth_keeps_its_odd_octets_and_shows_none) {
    const ReadMessage m("rfc4475/intmeth");
    EXPECT_EQ(m->method(), Method::Unknown);
    EXPECT_EQ(m->to().display_name(), "BEL: NUL: DEL:");
    EXPECT_EQ(m->from_tag(), "_token~1'+`*%!-.");
    EXPECT_EQ(m->request_uri().user(), "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    EXPECT_EQ(m->request_uri().password(), "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    EXPECT_EQ(m->call_id(), R"(intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{)");
}

TEST(Rfc4475, esc01_escapes_mean_their_characters) {
    const ReadMessage m("rfc4475/esc01");
    EXPECT_EQ(m->to().uri().user_unescaped(), "user");
    EXPECT_EQ(m->request_uri().user_unescaped(), "sips:user@example.com");
    EXPECT_EQ(m->from().uri().user_unescaped(), "I have spaces");
    EXPECT_TRUE(m->contact().uri().has_lr());
    EXPECT_EQ(unescape(m->contact().uri().params().value("name")), "value%41");
}

TEST(Rfc4475, escnull_has_two_different_contacts) {
    const ReadMessage m("rfc4475/escnull");
    const auto list = contacts(*m);
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size, 2U);
    EXPECT_FALSE(equivalent(list->items[0].uri(), list->items[1].uri()));
    EXPECT_EQ(list->items[1].uri().user_unescaped(), std::string(2, '\0'));
}

TEST(Rfc4475, esc02_escapes_mean_nothing_in_names) {
    const ReadMessage m("rfc4475/esc02");
    EXPECT_EQ(m->method_text(), "RE%47IST%45R");
    EXPECT_EQ(m->to().display_name(), "%Z%45");
    EXPECT_EQ(m->lines(HeaderId::Contact).count(), 2U);
}

TEST(Rfc4475, longreq_fits) {
    const ReadMessage m("rfc4475/longreq");
    EXPECT_EQ(m->elements(HeaderId::Via).count(), 34U);
    EXPECT_EQ(vias(*m)->back().branch().size(), 215U);
    EXPECT_EQ(m->call_id().size(), 141U);
    EXPECT_EQ(m->from_tag().size(), 155U);
}

TEST(Rfc4475, dblreq_is_one_request_in_a_datagram) {
    const ReadMessage m("rfc4475/dblreq");
    EXPECT_EQ(m->method(), Method::Register);
    EXPECT_TRUE(m->body().empty());
}

TEST(Rfc4475, semiuri_parameters_belong_to_the_user) {
    const ReadMessage m("rfc4475/semiuri");
    EXPECT_EQ(m->request_uri().user_unescaped(), "user;par=u@example.net");
    EXPECT_TRUE(m->request_uri().params().empty());
}

TEST(Rfc4475, mpart01_has_two_parts_one_with_nul_octets) {
    const ReadMessage m("rfc4475/mpart01");
    const auto parts = body_parts(*m);
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 2U);
    EXPECT_EQ(parts->at(0).content, "Hello");
    EXPECT_TRUE(parts->at(1).type.is("application", "octet-stream"));
    EXPECT_EQ(parts->at(1).content.size(), 342U);
}

TEST(Rfc4475, bext01_names_both_unsupported_extensions) {
    const ReadMessage m("rfc4475/bext01");
    static constexpr Method kMethods[] = {Method::Options};
    const Refusal refusal = check_request(*m, {kMethods, {}, {}});
    EXPECT_EQ(refusal.header, HeaderId::Unsupported);
    EXPECT_EQ(refusal.header_value, "nothingSupportsThis, nothingSupportsThisEither");
}

TEST(Rfc4475, cparam_parameters_stay_on_their_side) {
    EXPECT_TRUE(ReadMessage("rfc4475/cparam01")->contact().params().has("unknownparam"));
    EXPECT_TRUE(ReadMessage("rfc4475/cparam01")->contact().uri().params().empty());
    EXPECT_TRUE(ReadMessage("rfc4475/cparam02")->contact().uri().params().has("unknownparam"));
    EXPECT_TRUE(ReadMessage("rfc4475/cparam02")->contact().params().empty());
}

TEST(Rfc4475, regescrt_is_listed_with_its_header) {
    const ReadMessage m("rfc4475/regescrt");
    const auto answer = Registrar({}).process(*m, "sip:user@example.com", Flow{}, TimePoint{});
    ASSERT_EQ(answer.contacts.size(), 1U);
    EXPECT_TRUE(answer.contacts[0].starts_with("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"));
}

TEST(Rfc4475, inv2543_has_neither_branch_nor_tag) {
    const ReadMessage m("rfc4475/inv2543");
    EXPECT_FALSE(m->top_via().has_3261_branch());
    EXPECT_TRUE(m->from_tag().empty());
    EXPECT_EQ(m->max_forwards(), 70);
}

TEST(Rfc5118, addresses_and_ports_are_told_apart) {
    EXPECT_EQ(ReadMessage("rfc5118/port-ambiguous")->request_uri().host(), "2001:db8::10:5070");
    EXPECT_FALSE(ReadMessage("rfc5118/port-ambiguous")->request_uri().port());
    EXPECT_EQ(ReadMessage("rfc5118/port-unambiguous")->request_uri().port(), 5070);
    EXPECT_EQ(ReadMessage("rfc5118/via-received-param-with-delim")->top_via().received(), "2001:db8::9:255");
    EXPECT_EQ(ReadMessage("rfc5118/via-received-param-no-delim")->top_via().received(), "2001:db8::9:255");
    EXPECT_EQ(ReadMessage("rfc5118/mult-ip-in-header")->top_via().port(), 6050);
}

}  // namespace
}  // namespace dp::sip
