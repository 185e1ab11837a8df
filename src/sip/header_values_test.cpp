#include "sip/header_values.hpp"

#include <gtest/gtest.h>

#include "sip/body.hpp"
#include "sip/request_check.hpp"

namespace dp::sip {
namespace {

using std::chrono::seconds;

Message with(const std::string& lines, const std::string& body = {}) {
    const std::string text =
        "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
        "Call-ID: c\r\nCSeq: 1 INVITE\r\n" +
        lines + "\r\n" + body;
    auto message = Message::parse(text);
    EXPECT_TRUE(message) << text;
    return std::move(*message);
}

TEST(HeaderNames, every_name_and_compact_form_finds_itself) {
    for (std::size_t i = 1; i < kHeaderIds; ++i) {
        const auto id = static_cast<HeaderId>(i);
        EXPECT_EQ(header_id(header_name(id)), id);
        EXPECT_EQ(header_id(ascii::lower(header_name(id))), id) << header_name(id);
    }
    const std::pair<char, HeaderId> compact[] = {{'v', HeaderId::Via},
                                                 {'f', HeaderId::From},
                                                 {'t', HeaderId::To},
                                                 {'i', HeaderId::CallId},
                                                 {'m', HeaderId::Contact},
                                                 {'l', HeaderId::ContentLength},
                                                 {'c', HeaderId::ContentType},
                                                 {'e', HeaderId::ContentEncoding},
                                                 {'k', HeaderId::Supported},
                                                 {'s', HeaderId::Subject},
                                                 {'o', HeaderId::Event},
                                                 {'u', HeaderId::AllowEvents},
                                                 {'r', HeaderId::ReferTo},
                                                 {'b', HeaderId::ReferredBy},
                                                 {'x', HeaderId::SessionExpires},
                                                 {'y', HeaderId::Identity},
                                                 {'a', HeaderId::AcceptContact},
                                                 {'d', HeaderId::RequestDisposition},
                                                 {'J', HeaderId::RejectContact}};
    for (const auto& [letter, id] : compact) EXPECT_EQ(header_id({&letter, 1}), id) << letter;
    for (const char* name : {"", "z", "Vias", "X-Foo", "Content-Lengths", "%"})
        EXPECT_EQ(header_id(name), HeaderId::Unknown);
}

TEST(HeaderNames, methods_are_case_sensitive) {
    EXPECT_EQ(method_of("INVITE"), Method::Invite);
    EXPECT_EQ(method_of("Invite"), Method::Unknown);
    for (int i = 1; i <= static_cast<int>(Method::Publish); ++i)
        EXPECT_EQ(method_of(method_name(static_cast<Method>(i))), static_cast<Method>(i));
}

TEST(HeaderValues, lists_are_split_at_commas_outside_quotes_and_brackets) {
    const auto m = with("Contact: \"a, b\" <sip:a,b@h>, <sip:c@h>;x=\"1,2\"\r\nm: sip:d@h\r\n");
    const auto list = contacts(*m);
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size, 3U);
    EXPECT_EQ(list->items[0].display_name(), "a, b");
    EXPECT_EQ(list->items[1].param("x"), "\"1,2\"");
    EXPECT_EQ(list->items[2].uri().user(), "d");
}

TEST(HeaderValues, credentials_subjects_and_unknown_headers_are_never_split) {
    const auto m = with("Authorization: Digest a=b, c=d\r\nSubject: x, y\r\nX-List: 1, 2\r\n");
    EXPECT_EQ(m->elements(HeaderId::Authorization).count(), 1U);
    EXPECT_EQ(*m->elements(HeaderId::Subject).begin(), "x, y");
    EXPECT_EQ(m->find("x-list"), "1, 2");
}

TEST(HeaderValues, star_stands_alone) {
    EXPECT_TRUE(contacts(*with("Contact: *\r\n"))->star);
    EXPECT_FALSE(contacts(*with("Contact: *, <sip:a@b>\r\n")));
    EXPECT_FALSE(contacts(*with("Contact: *\r\nContact: <sip:a@b>\r\n")));
}

TEST(HeaderValues, route_sets_keep_their_order) {
    const auto m = with("Record-Route: <sip:a;lr>, <sip:b;lr>\r\nRecord-Route: <sip:c;lr>\r\n");
    const auto routes = addresses(*m, HeaderId::RecordRoute);
    ASSERT_EQ(routes->size(), 3U);
    EXPECT_EQ(routes->at(2).uri().host(), "c");
    EXPECT_TRUE(addresses(*m, HeaderId::Route)->empty());
}

TEST(HeaderValues, garbage_expires_is_an_hour) {
    EXPECT_EQ(expires(*with("Expires: 120\r\n")), seconds(120));
    EXPECT_EQ(expires(*with("Expires: 120;x=1\r\n")), seconds(120));
    EXPECT_EQ(expires(*with("Expires: soon\r\n")), seconds(3600));
    EXPECT_EQ(expires(*with("Expires: 99999999999\r\n")), seconds(3600));
    EXPECT_EQ(expires(*with("")), std::nullopt);
    EXPECT_EQ(contact_expires(*NameAddr::parse("<sip:a@b>;expires=x")), seconds(3600));
    EXPECT_EQ(contact_expires(*NameAddr::parse("<sip:a@b>;expires=0")), seconds(0));
}

TEST(HeaderValues, retry_after_drops_comment_and_parameters) {
    EXPECT_EQ(*retry_after(*with("Retry-After: 18 (lunch);duration=3\r\n")), seconds(18));
    EXPECT_EQ(*retry_after(*with("Retry-After: 5;duration=3600\r\n")), seconds(5));
    EXPECT_EQ(retry_after(*with("Retry-After: x\r\n")).error().code, ErrorCode::MalformedInput);
    EXPECT_EQ(retry_after(*with("")).error().code, ErrorCode::MissingField);
}

TEST(HeaderValues, rack_has_three_words) {
    const auto value = rack(*with("RAck: 776656 1 INVITE\r\n"));
    ASSERT_TRUE(value);
    EXPECT_EQ(value->rseq, 776656U);
    EXPECT_EQ(value->cseq, 1U);
    EXPECT_EQ(value->method, Method::Invite);
    for (const char* bad : {"1 INVITE", "1 2", "a 1 INVITE", "1 1 INVITE x", "4294967296 1 INVITE"})
        EXPECT_FALSE(rack(*with(std::string("RAck: ") + bad + "\r\n"))) << bad;
    EXPECT_EQ(*number(*with("RSeq: 988789\r\n"), HeaderId::RSeq), 988789U);
}

TEST(HeaderValues, session_expires_has_a_refresher) {
    EXPECT_EQ(session_expires(*with("x: 1800;refresher=UAC\r\n"))->refresher, Refresher::Uac);
    EXPECT_EQ(session_expires(*with("Session-Expires: 90\r\n"))->interval, seconds(90));
    EXPECT_EQ(session_expires(*with("Session-Expires: 90\r\n"))->refresher, Refresher::Unset);
    EXPECT_FALSE(session_expires(*with("Session-Expires: soon\r\n")));
    EXPECT_EQ(*number(*with("Min-SE: 90\r\n"), HeaderId::MinSe), 90U);
}

TEST(HeaderValues, replaces_needs_both_tags_and_comes_once) {
    const auto m = with("Replaces: 425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only\r\n");
    const auto value = replaces(*m);
    ASSERT_TRUE(value);
    EXPECT_EQ(value->call_id, "425928@bobster.example.org");
    EXPECT_EQ(value->to_tag, "7743");
    EXPECT_EQ(value->from_tag, "6472");
    EXPECT_TRUE(value->early_only);
    EXPECT_FALSE(replaces(*with("Replaces: c;to-tag=1\r\n")));
    EXPECT_FALSE(replaces(*with("Replaces: c;to-tag=1;from-tag=2\r\nReplaces: c;to-tag=1;from-tag=2\r\n")));
}

TEST(HeaderValues, replaces_is_found_in_a_refer_to) {
    const auto m = with("Refer-To: <sip:b@h?Replaces=c1%40h%3Bto-tag%3Da%3Bfrom-tag%3Db&X=1>\r\n");
    const auto target = address(*m, HeaderId::ReferTo);
    ASSERT_TRUE(target);
    const auto text = uri_header(target->uri(), "replaces");
    ASSERT_TRUE(text);
    EXPECT_EQ(parse_replaces(*text)->call_id, "c1@h");
    EXPECT_FALSE(uri_header(target->uri(), "Route"));
}

TEST(HeaderValues, reasons_carry_cause_and_text) {
    const auto m =
        with("Reason: SIP;cause=200;text=\"Call completed, elsewhere\", Q.850;cause=16\r\nReason: X;cause=abc\r\n");
    const auto list = reasons(*m);
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].text, "Call completed, elsewhere");
    EXPECT_EQ(list[0].cause, 200);
    EXPECT_FALSE(list[2].cause);
    EXPECT_EQ(q850_cause(*m), 16);
    EXPECT_FALSE(q850_cause(*with("")));
}

TEST(HeaderValues, words_warnings_and_privacy) {
    const auto m = with(
        "Subscription-State: terminated;reason=noresource\r\nWarning: 304 h \"a, b\", 370 h \"x\"\r\nPrivacy: header; "
        "ID\r\n");
    EXPECT_EQ(word(*m, HeaderId::SubscriptionState)->word, "terminated");
    EXPECT_EQ(word(*m, HeaderId::SubscriptionState)->params.value("reason"), "noresource");
    EXPECT_EQ(warning_codes(*m), (std::vector<int>{304, 370}));
    EXPECT_TRUE(has_privacy(*m, "id"));
    EXPECT_FALSE(has_privacy(*m, "user"));
}

const std::string kMixed =
    "preamble\r\n--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b1\r\nContent-Type: application/ISUP; "
    "version=nxv3\r\n"
    "Content-Disposition: signal; handling=optional\r\n\r\n\x01\x02\r\n--b1--\r\nepilogue";

TEST(Body, finds_the_sdp_beside_isup) {
    const auto m = with("Content-Type: multipart/mixed; boundary=\"b1\"\r\n", kMixed);
    EXPECT_EQ(*sdp_body(*m), "v=0\r\n");
    EXPECT_EQ(body_parts(*m)->at(1).content, "\x01\x02");
    EXPECT_FALSE(body_parts(*m)->at(1).required);
}

TEST(Body, a_required_stranger_is_unsupported) {
    std::string body = kMixed;
    body.replace(body.find("optional"), 8, "required");
    const auto m = with("Content-Type: multipart/mixed;boundary=b1\r\n", body);
    EXPECT_EQ(sdp_body(*m).error().code, ErrorCode::UnsupportedMedia);
    EXPECT_EQ(sdp_body(*with("Content-Type: text/plain\r\n", "x")).error().code, ErrorCode::UnsupportedMedia);
    EXPECT_EQ(sdp_body(*with("Content-Type: application/sdp\r\ne: gzip\r\n", "x")).error().code,
              ErrorCode::UnsupportedMedia);
}

TEST(Body, of_alternatives_one_is_enough) {
    const auto m = with("Content-Type: multipart/alternative;boundary=x\r\n",
                        "--x\r\n\r\nplain\r\n--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x--\r\n");
    EXPECT_EQ(*sdp_body(*m), "v=0");
}

TEST(Body, none_is_fine_and_an_untyped_one_is_not) {
    EXPECT_TRUE(sdp_body(*with(""))->empty());
    EXPECT_EQ(sdp_body(*with("", "v=0")).error().code, ErrorCode::MissingField);
}

std::string multipart(int parts) {
    std::string out;
    for (int i = 0; i < parts; ++i) out += "--x\r\n\r\npart\r\n";
    return out + "--x--\r\n";
}

TEST(Body, parts_are_limited) {
    EXPECT_EQ(body_parts(*with("Content-Type: multipart/mixed;boundary=x\r\n", multipart(8)))->size(), 8U);
    EXPECT_FALSE(body_parts(*with("Content-Type: multipart/mixed;boundary=x\r\n", multipart(9))));
}

std::string nested(int depth, int level = 1) {
    const std::string mark = "--b" + std::to_string(level);
    if (level > depth) return "leaf";
    const std::string type = level == depth ? "text/plain" : "multipart/mixed;boundary=b" + std::to_string(level + 1);
    return mark + "\r\nContent-Type: " + type + "\r\n\r\n" + nested(depth, level + 1) + "\r\n" + mark + "--\r\n";
}

TEST(Body, depth_is_limited) {
    EXPECT_TRUE(body_parts(*with("Content-Type: multipart/mixed;boundary=b1\r\n", nested(2))));
    EXPECT_FALSE(body_parts(*with("Content-Type: multipart/mixed;boundary=b1\r\n", nested(3))));
}

TEST(Body, broken_multiparts_are_malformed) {
    for (const char* body : {"--x\r\n\r\nunclosed\r\n", "no delimiter", "--x", "--x\r\n"})
        EXPECT_FALSE(body_parts(*with("Content-Type: multipart/mixed;boundary=x\r\n", body))) << body;
    EXPECT_FALSE(body_parts(*with("Content-Type: multipart/mixed\r\n", multipart(1))));
    for (const char* type : {"text", "/x", "text/", "te xt/plain", "text/plain;x"})
        EXPECT_EQ(parse_media_type(type).has_value(), std::string_view(type) == "text/plain;x") << type;
}

TEST(RequestCheck, looks_at_method_require_and_body_in_that_order) {
    static constexpr Method kMethods[] = {Method::Invite};
    static constexpr std::string_view kExtensions[] = {"timer"};
    static constexpr std::string_view kBodies[] = {"application/sdp"};
    const UasProfile profile{kMethods, kExtensions, kBodies};
    const auto status = [&](const Message& m) { return check_request(*m, profile).verdict.status; };
    EXPECT_EQ(status(with("Require: TIMER\r\n")), 0);
    EXPECT_EQ(status(with("Require: 100rel\r\nContent-Type: text/x\r\n", "x")), 420);
    EXPECT_EQ(status(with("Content-Type: text/x\r\n", "x")), 415);
    EXPECT_EQ(status(with("Content-Encoding: gzip\r\nContent-Type: application/sdp\r\n", "x")), 415);
    EXPECT_EQ(status(with("", "x")), 415);
    EXPECT_EQ(status(with("Accept: text/html\r\n")), 406);
    EXPECT_EQ(status(with("Accept: text/html, application/SDP;level=1\r\n")), 0);
    EXPECT_EQ(check_request(*with(""), {{}, {}, {}}).verdict.status, 405);
    EXPECT_EQ(check_request(*with(""), {{}, {}, {}}).header, HeaderId::Allow);
    EXPECT_EQ(allow_value(kMethods), "INVITE");
}

}  // namespace
}  // namespace dp::sip
