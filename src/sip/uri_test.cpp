#include "sip/uri.hpp"

#include <gtest/gtest.h>

#include "sip/name_addr.hpp"
#include "sip/via.hpp"

namespace dp::sip {
namespace {

bool same(std::string_view a, std::string_view b) {
    const auto left = UriView::parse(a);
    const auto right = UriView::parse(b);
    EXPECT_TRUE(left && right) << a << " " << b;
    EXPECT_EQ(equivalent(*left, *right), equivalent(*right, *left)) << a << " " << b;
    return equivalent(*left, *right);
}

TEST(UriView, splits_a_full_uri) {
    const auto uri = UriView::parse("sips:alice:pw@[2001:db8::1]:5071;transport=tls;lr?Subject=x&Route=%3Ca%3E");
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->scheme(), UriScheme::Sips);
    EXPECT_EQ(uri->user(), "alice");
    EXPECT_EQ(uri->password(), "pw");
    EXPECT_EQ(uri->host(), "2001:db8::1");
    EXPECT_TRUE(uri->host_is_v6());
    EXPECT_EQ(uri->port(), 5071);
    EXPECT_EQ(uri->transport(), "tls");
    EXPECT_TRUE(uri->has_lr());
    EXPECT_EQ(uri->headers(), "Subject=x&Route=%3Ca%3E");
}

TEST(UriView, reads_a_tel_uri) {
    const auto uri = UriView::parse("tel:+1-201-555(0123);phone-context=example.com");
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->scheme(), UriScheme::Tel);
    EXPECT_EQ(uri->user_unescaped(), "+12015550123");
    EXPECT_EQ(uri->params().value("phone-context"), "example.com");
}

TEST(UriView, strips_separators_for_phone_users_only) {
    EXPECT_EQ(UriView::parse("sip:+1-(201).555@h;user=phone")->user_unescaped(), "+1201555");
    EXPECT_EQ(UriView::parse("sip:mary-jane.o@h")->user_unescaped(), "mary-jane.o");
}

TEST(UriView, refuses_nonsense) {
    for (const char* text : {"",
                             "sip",
                             "sip:",
                             ":x",
                             "sip:@h",
                             "sip:a@",
                             "sip:a@h:",
                             "sip:a@h:0",
                             "sip:a@h:65536",
                             "sip:a@h:5x",
                             "sip:a b@h",
                             "sip:a@h;",
                             "sip:a@h;=x",
                             "sip:a@h;p=<",
                             "sip:a@[::1",
                             "sip:a@[::1]x",
                             "sip:a@[1::2::3]",
                             "sip:a@[:::]",
                             "sip:a@2001:db8::1",
                             "sip:%zz@h",
                             "sip:%4@h",
                             "sip:a@h?",
                             "sip:a@h?x=<",
                             "sip:a@b@c",
                             "sip:a\"@h",
                             "tel:",
                             "tel:+",
                             "tel:1+2",
                             "tel:1;",
                             "1x:y",
                             "ma ilto:x",
                             "http://a b"})
        EXPECT_FALSE(UriView::parse(text)) << text;
}

TEST(UriView, takes_other_schemes_as_opaque) {
    const auto uri = UriView::parse("urn:service:sos");
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->scheme(), UriScheme::Other);
    EXPECT_EQ(uri->opaque(), "service:sos");
}

// RFC 3261 19.1.4, its own examples first.
TEST(UriEquivalence, follows_the_examples_of_the_rfc) {
    EXPECT_TRUE(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"));
    EXPECT_TRUE(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
    EXPECT_TRUE(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"));
    EXPECT_TRUE(same("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                     "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"));
    EXPECT_TRUE(same("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                     "sip:alice@atlanta.com?priority=urgent&subject=project%20x"));
    EXPECT_FALSE(same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"));
    EXPECT_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
    EXPECT_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
    EXPECT_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
    EXPECT_FALSE(same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
    EXPECT_FALSE(same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
}

TEST(UriEquivalence, is_strict_where_it_matters) {
    EXPECT_FALSE(same("sip:a@h", "sips:a@h"));
    EXPECT_FALSE(same("sip:a@h", "sip:A@h"));
    EXPECT_FALSE(same("sip:a:x@h", "sip:a:y@h"));
    EXPECT_FALSE(same("sip:a%3Bx@h", "sip:a;x@h"));
    EXPECT_FALSE(same("sip:h", "sip:a@h"));
    EXPECT_TRUE(same("sip:a@[2001:DB8:0::1]", "sip:a@[2001:db8::1]"));
    EXPECT_TRUE(same("tel:+1-201", "tel:+1.201"));
    EXPECT_FALSE(same("tel:201;phone-context=a", "tel:201"));
    EXPECT_FALSE(same("sip:a@h;user=phone", "sip:a@h"));
    EXPECT_FALSE(same("sip:a@h;x=1", "sip:a@h;x=2"));
}

TEST(AddressOfRecord, ignores_what_does_not_name_the_account) {
    EXPECT_EQ(*address_of_record(*UriView::parse("sips:%61lice:pw@Example.COM:5061;transport=tls")),
              "sip:alice@example.com");
    EXPECT_EQ(*address_of_record(*UriView::parse("sip:Example.COM")), "sip:example.com");
    EXPECT_EQ(address_of_record(*UriView::parse("sip:a%00b@h")).error().code, ErrorCode::NotFound);
    EXPECT_EQ(address_of_record(*UriView::parse("tel:+1201")).error().code, ErrorCode::InvalidValue);
}

TEST(Uri, keeps_its_view_through_copies_and_moves) {
    std::vector<Uri> list;
    for (const char* text : {"sip:a@b", "sip:alice@very-long-host-name-that-does-not-fit-inline.example.com;lr"})
        list.push_back(*Uri::parse(text));
    for (int i = 0; i < 20; ++i) list.push_back(list[static_cast<std::size_t>(i)]);
    EXPECT_EQ(list[20].view().user(), "a");
    EXPECT_EQ(list[21].view().text(), list[21].str());
    EXPECT_EQ(list[21].view().text().data(), list[21].str().data());
    const Uri moved = std::move(list[0]);
    EXPECT_EQ(moved.view().host(), "b");
    EXPECT_TRUE(list[0].empty());
}

TEST(UriBuilder, escapes_so_that_no_part_breaks_out) {
    const auto uri =
        UriBuilder().user("a@b;c:d>\r\n").host("2001:db8::1").port(5070).param("lr").param("x", "1;y=2").build();
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->view().user_unescaped(), "a@b;c:d>\r\n");
    EXPECT_EQ(uri->view().host(), "2001:db8::1");
    EXPECT_EQ(uri->view().params().count(), 2U);
    EXPECT_EQ(uri->str(), "sip:a%40b;c%3Ad%3E%0D%0A@[2001:db8::1]:5070;lr;x=1%3By%3D2");
}

TEST(UriBuilder, refuses_a_host_that_is_none) {
    EXPECT_FALSE(UriBuilder().user("a").host("b>\r\nX: y").build());
    EXPECT_EQ(UriBuilder().host("b c;d").str(), "sip:bcd");
}

TEST(UriBuilder, carries_a_replaces_header) {
    const auto uri = UriBuilder().user("bob").host("h").header("Replaces", "c1@h;to-tag=a;from-tag=b").build();
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->view().headers(), "Replaces=c1%40h%3Bto-tag%3Da%3Bfrom-tag%3Db");
}

TEST(NameAddr, tells_header_parameters_from_uri_parameters) {
    const auto bare = NameAddr::parse("sip:a@b;x=1;tag=t");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->tag(), "t");
    EXPECT_TRUE(bare->uri().params().empty());
    const auto bracketed = NameAddr::parse("\"A <x> \\\"q\\\"\" <sip:a@b;x=1> ; tag = t ; q=0.5");
    ASSERT_TRUE(bracketed);
    EXPECT_EQ(bracketed->display_name(), "A <x> \"q\"");
    EXPECT_EQ(bracketed->uri().params().value("x"), "1");
    EXPECT_EQ(bracketed->tag(), "t");
    EXPECT_EQ(bracketed->param("q"), "0.5");
}

TEST(NameAddr, refuses_nonsense) {
    for (const char* text :
         {"", "<>", "<sip:a@b", "sip:a@b>", "\"x <sip:a@b>", "\"x\" sip:a@b", "<sip:a@b> x", "<sip:a@b>;",
          "<sip:a@b>;;a", "<sip:a@b>;x=\"y", "<sip:a@b>;x=y z", "sip:a@b?x=y", "a,b <sip:a@b>", "*"})
        EXPECT_FALSE(NameAddr::parse(text)) << text;
}

TEST(NameAddr, takes_bare_utf8_names_and_tight_brackets) {
    EXPECT_EQ(NameAddr::parse("B\xC3\xBCro<sip:a@b>")->display_name(), "B\xC3\xBCro");
    EXPECT_EQ(NameAddr::parse("<sip:a@b>")->display_name(), "");
}

TEST(Via, reads_sent_by_and_parameters) {
    const auto via = Via::parse("SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56;rport");
    ASSERT_TRUE(via);
    EXPECT_EQ(via->transport(), TransportKind::Wss);
    EXPECT_EQ(via->host(), "df7jal23ls0d.invalid");
    EXPECT_FALSE(via->port());
    EXPECT_TRUE(via->wants_rport());
    EXPECT_TRUE(via->has_3261_branch());
}

TEST(Via, compares_sent_by_with_default_ports) {
    const auto via = [](std::string_view text) { return *Via::parse(text); };
    EXPECT_TRUE(via("SIP/2.0/UDP Host").same_sent_by(via("SIP/2.0/UDP host:5060")));
    EXPECT_TRUE(via("SIP/2.0/TLS host").same_sent_by("HOST", 5061));
    EXPECT_FALSE(via("SIP/2.0/UDP host").same_sent_by(via("SIP/2.0/UDP host:5061")));
    EXPECT_TRUE(via("SIP/2.0/UDP [2001:db8:0::1]").same_sent_by(via("SIP/2.0/UDP [2001:db8::1]")));
}

TEST(Via, the_cookie_alone_is_no_branch) {
    EXPECT_FALSE(Via::parse("SIP/2.0/UDP h;branch=z9hG4bK")->has_3261_branch());
    EXPECT_FALSE(Via::parse("SIP/2.0/UDP h;branch=Z9HG4BKx")->has_3261_branch());
    EXPECT_FALSE(Via::parse("SIP/2.0/UDP h")->has_3261_branch());
}

TEST(Via, refuses_nonsense) {
    for (const char* text :
         {"", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0 h", "SIP/2.0/ h", "HTTP/2.0/UDP h", "SIP/2.0/UDP h:0",
          "SIP/2.0/UDP h:x", "SIP/2.0/UDP h x", "SIP/2.0/UDP [::1", "SIP/2.0/UDP h;;", "SIP/1.0/UDP h"})
        EXPECT_FALSE(Via::parse(text)) << text;
}

TEST(Escape, does_and_undoes) {
    EXPECT_EQ(escape("a b%", kUserChar), "a%20b%25");
    EXPECT_EQ(unescape("a%20b%2"), "a b%2");
    EXPECT_EQ(unescape("%"), "%");
    EXPECT_EQ(unescape("%00").size(), 1U);
}

}  // namespace
}  // namespace dp::sip
