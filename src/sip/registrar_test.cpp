#include "sip/registrar.hpp"

#include <gtest/gtest.h>

#include "sip/message_builder.hpp"

namespace dp::sip {
namespace {

using std::chrono::seconds;
using Kind = RegistrarEvent::Kind;

constexpr std::string_view kAor = "sip:alice@example.com";

Flow stream(std::uint64_t connection, TransportKind kind = TransportKind::Wss) {
    return {kind, 1, connection, {}, *Endpoint::parse("192.0.2.1:40000")};
}

Flow datagram(std::uint16_t port = 5060) {
    return {TransportKind::Udp, 0, 0, *Endpoint::parse("198.51.100.1:5060"), {IpAddress::v4(0xC0000201), port}};
}

class RegistrarTest : public testing::Test {
protected:
    /// A REGISTER with these header lines; the CSeq counts up unless one is given.
    RegisterAnswer send(const std::string& lines, const Flow& flow = datagram(), std::string call_id = "c1",
                        std::uint32_t cseq = 0) {
        const std::string number = std::to_string(cseq != 0 ? cseq : ++cseq_);
        const auto message =
            Message::parse("REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK" + number +
                           "\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\n" +
                           "Call-ID: " + call_id + "\r\nCSeq: " + number + " REGISTER\r\n" + lines + "\r\n");
        EXPECT_TRUE(message) << lines;
        return registrar_.process(**message, kAor, flow, now_);
    }

    static std::string instance(const std::string& id, int reg_id = 1, const std::string& uri = "sip:alice@192.0.2.1") {
        std::string line = "Contact: <" + uri + ">;+sip.instance=\"<urn:uuid:" + id + ">\"";
        if (reg_id != 0) line += ";reg-id=" + std::to_string(reg_id);
        return line + "\r\n";
    }

    std::size_t reachable() const { return registrar_.lookup(kAor, now_).size(); }

    static std::vector<Kind> kinds(const std::vector<RegistrarEvent>& events) {
        std::vector<Kind> out;
        for (const auto& event : events) out.push_back(event.kind);
        return out;
    }

    Registrar registrar_{{}};
    TimePoint now_{seconds(1000)};
    std::uint32_t cseq_ = 0;
};

TEST_F(RegistrarTest, a_phone_registers_refreshes_and_leaves) {
    auto answer = send("Contact: <sip:alice@192.0.2.1:5060>;q=0.7\r\nExpires: 300\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(kinds(answer.events), std::vector{Kind::Added});
    EXPECT_EQ(answer.contacts, std::vector<std::string>{"<sip:alice@192.0.2.1:5060>;q=0.700;expires=300"});
    now_ += seconds(100);
    EXPECT_EQ(kinds(send("Contact: <sip:alice@192.0.2.1:5060>;expires=300\r\n").events), std::vector{Kind::Refreshed});
    now_ += seconds(250);
    EXPECT_EQ(reachable(), 1U);
    EXPECT_EQ(send("").contacts, std::vector<std::string>{"<sip:alice@192.0.2.1:5060>;expires=50"});
    EXPECT_EQ(kinds(send("Contact: <sip:alice@192.0.2.1:5060>;expires=0\r\n").events), std::vector{Kind::Removed});
    EXPECT_EQ(registrar_.size(), 0U);
    EXPECT_EQ(registrar_.next_deadline(), kNever);
}

TEST_F(RegistrarTest, a_binding_expires) {
    (void)send("Contact: <sip:alice@192.0.2.1>\r\nExpires: 60\r\n");
    EXPECT_EQ(registrar_.next_deadline(), now_ + seconds(60));
    now_ += seconds(59);
    EXPECT_TRUE(registrar_.expire(now_).empty());
    now_ += seconds(1);
    EXPECT_EQ(reachable(), 0U);
    EXPECT_EQ(kinds(registrar_.expire(now_)), std::vector{Kind::Expired});
    EXPECT_TRUE(registrar_.bindings(kAor).empty());
}

TEST_F(RegistrarTest, uris_are_compared_by_the_rules_not_as_text) {
    (void)send("Contact: <sip:alice@Host.example.com;x=1>\r\n");
    EXPECT_EQ(kinds(send("Contact: <sip:%61lice@host.EXAMPLE.com>\r\n").events), std::vector{Kind::Refreshed});
    EXPECT_EQ(kinds(send("Contact: <sip:alice@host.example.com:5060>\r\n").events), std::vector{Kind::Added});
}

TEST_F(RegistrarTest, the_instance_decides_whatever_the_uri_is) {
    (void)send(instance("a", 1, "sip:x1@df.invalid;transport=ws"), stream(1));
    const auto answer = send(instance("a", 1, "sip:x2@gh.invalid;transport=ws"), stream(2), "c2");
    EXPECT_EQ(kinds(answer.events), std::vector{Kind::FlowChanged});
    EXPECT_EQ(registrar_.size(), 1U);
    EXPECT_EQ(registrar_.lookup(kAor, now_)[0].flow, stream(2));
    EXPECT_TRUE(registrar_.on_flow(stream(1)).empty());
    EXPECT_EQ(registrar_.on_flow(stream(2)).size(), 1U);
}

TEST_F(RegistrarTest, a_phone_with_instance_but_without_reg_id_has_one_binding) {
    (void)send(instance("a", 0, "sip:alice@192.0.2.1:5060"), datagram(5060), "c1");
    (void)send(instance("a", 0, "sip:alice@192.0.2.1:40001"), datagram(40001), "c2");
    EXPECT_EQ(registrar_.size(), 1U);
}

TEST_F(RegistrarTest, two_flows_of_one_phone_ring_once) {
    (void)send(instance("a", 1), stream(1));
    now_ += seconds(1);
    (void)send(instance("a", 2), stream(2), "c2");
    EXPECT_EQ(registrar_.size(), 2U);
    const auto targets = registrar_.lookup(kAor, now_);
    ASSERT_EQ(targets.size(), 1U);
    EXPECT_EQ(targets[0].flow, stream(2));
    EXPECT_EQ(registrar_.newest_of_instance(kAor, "urn:uuid:a")->flow, stream(2));
    (void)registrar_.flow_failed(targets[0].binding);
    EXPECT_EQ(registrar_.lookup(kAor, now_)[0].flow, stream(1));
}

TEST_F(RegistrarTest, targets_are_ordered_by_q_then_freshness) {
    (void)send("Contact: <sip:low@h>;q=0.1\r\n");
    (void)send("Contact: <sip:old@h>\r\n");
    now_ += seconds(1);
    (void)send("Contact: <sip:new@h>;q=1.0\r\n");
    const auto targets = registrar_.lookup(kAor, now_);
    ASSERT_EQ(targets.size(), 3U);
    EXPECT_EQ(targets[0].uri, "sip:new@h");
    EXPECT_EQ(targets[1].uri, "sip:old@h");
    EXPECT_EQ(targets[2].uri, "sip:low@h");
}

TEST_F(RegistrarTest, star_removes_everything_and_stands_alone) {
    (void)send("Contact: <sip:a@h>, <sip:b@h>\r\n");
    EXPECT_EQ(send("Contact: *\r\n").status, 400);
    EXPECT_EQ(send("Contact: *\r\nExpires: 60\r\n").status, 400);
    EXPECT_EQ(send("Contact: *, <sip:a@h>\r\nExpires: 0\r\n").status, 400);
    EXPECT_EQ(registrar_.size(), 2U);
    const auto answer = send("Contact: *\r\nExpires: 0\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.contacts.empty());
    EXPECT_EQ(kinds(answer.events), (std::vector{Kind::Removed, Kind::Removed}));
}

TEST_F(RegistrarTest, too_brief_is_423_with_the_minimum) {
    const auto answer = send("Contact: <sip:a@h>;expires=59\r\n");
    EXPECT_EQ(answer.status, 423);
    EXPECT_EQ(answer.min_expires, 60U);
    EXPECT_EQ(send("Contact: <sip:a@h>;expires=60\r\n").status, 200);
}

TEST_F(RegistrarTest, grants_no_more_than_the_ceiling_of_the_transport) {
    EXPECT_EQ(send("Contact: <sip:a@h>;expires=99999\r\n").contacts[0], "<sip:a@h>;expires=3600");
    EXPECT_EQ(send("Contact: <sip:a@h>;expires=soon\r\n").contacts[0], "<sip:a@h>;expires=3600");
    EXPECT_EQ(send("Contact: <sip:a@h>\r\nExpires: 3600\r\n", stream(1)).contacts[0], "<sip:a@h>;expires=600");
}

TEST_F(RegistrarTest, nothing_is_stored_unless_everything_is_accepted) {
    EXPECT_EQ(send("Contact: <sip:a@h>;expires=300, <sip:b@h>;expires=5\r\n").status, 423);
    EXPECT_EQ(send("Contact: <sip:a@h>, <mailto:b@h>\r\n").status, 400);
    EXPECT_EQ(registrar_.size(), 0U);
    (void)send("Contact: <sip:a@h>\r\n");
    EXPECT_EQ(send("Contact: <sip:a@h>;expires=0, <sip:b@h>;expires=5\r\n").status, 423);
    EXPECT_EQ(registrar_.size(), 1U);
}

TEST_F(RegistrarTest, cseq_counts_up_within_a_call_id) {
    (void)send("Contact: <sip:a@h>\r\n", datagram(), "c1", 10);
    EXPECT_EQ(send("Contact: <sip:a@h>\r\n", datagram(), "c1", 10).status, 500);
    EXPECT_EQ(send("Contact: <sip:a@h>;expires=0\r\n", datagram(), "c1", 9).status, 500);
    EXPECT_EQ(send("Contact: *\r\nExpires: 0\r\n", datagram(), "c1", 9).status, 500);
    EXPECT_EQ(registrar_.size(), 1U);
    EXPECT_EQ(send("Contact: <sip:a@h>\r\n", datagram(), "c2", 1).status, 200);
    EXPECT_EQ(send("Contact: <sip:a@h>\r\n", datagram(), "c2", 2).status, 200);
}

TEST_F(RegistrarTest, one_too_many_replaces_what_expires_next) {
    for (int i = 0; i < 10; ++i)
        (void)send("Contact: <sip:p" + std::to_string(i) + "@h>;expires=" + std::to_string(i == 4 ? 100 : 1000) +
                   "\r\n");
    EXPECT_EQ(registrar_.size(), 10U);
    const auto answer = send("Contact: <sip:p10@h>\r\n");
    EXPECT_EQ(registrar_.size(), 10U);
    ASSERT_EQ(kinds(answer.events), (std::vector{Kind::Replaced, Kind::Added}));
    EXPECT_EQ(answer.events[0].binding.contact.str(), "sip:p4@h");
    EXPECT_EQ(kinds(send("Contact: <sip:p10@h>\r\n").events), std::vector{Kind::Refreshed});
}

TEST_F(RegistrarTest, refuses_more_contacts_at_once_than_it_would_keep) {
    registrar_ = Registrar({.max_contacts = 2});
    EXPECT_EQ(send("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>\r\n").status, 400);
    EXPECT_EQ(send("Contact: <sip:a@h>, <sip:b@h>\r\n").status, 200);
}

TEST_F(RegistrarTest, a_closed_connection_is_forgiven_for_the_grace_time) {
    (void)send(instance("a"), stream(1));
    EXPECT_EQ(kinds(registrar_.connection_lost(stream(1), now_)), std::vector{Kind::FlowLost});
    EXPECT_EQ(reachable(), 0U);
    EXPECT_EQ(registrar_.size(), 1U);
    EXPECT_EQ(registrar_.next_deadline(), now_ + seconds(5));
    now_ += seconds(4);
    EXPECT_EQ(kinds(send(instance("a"), stream(2), "c2").events), std::vector{Kind::FlowChanged});
    EXPECT_EQ(reachable(), 1U);
    now_ += seconds(10);
    EXPECT_TRUE(registrar_.expire(now_).empty());
}

TEST_F(RegistrarTest, a_connection_that_stays_closed_ends_its_bindings) {
    (void)send(instance("a"), stream(1));
    (void)send("Contact: <sip:other@h>\r\n", stream(2), "c2");
    (void)registrar_.connection_lost(stream(1), now_);
    now_ += seconds(5);
    EXPECT_EQ(kinds(registrar_.expire(now_)), std::vector{Kind::Disconnected});
    EXPECT_EQ(registrar_.size(), 1U);
}

TEST_F(RegistrarTest, a_late_close_of_the_old_connection_changes_nothing) {
    (void)send(instance("a"), stream(1));
    (void)send(instance("a"), stream(2), "c2");
    EXPECT_TRUE(registrar_.connection_lost(stream(1), now_).empty());
    EXPECT_EQ(reachable(), 1U);
}

TEST_F(RegistrarTest, a_reused_connection_number_is_another_flow) {
    (void)send(instance("a"), stream(1));
    Flow reused = stream(1);
    reused.generation = 2;
    EXPECT_TRUE(registrar_.on_flow(reused).empty());
    EXPECT_TRUE(registrar_.connection_lost(reused, now_).empty());
}

TEST_F(RegistrarTest, path_is_kept_and_echoed_or_refused) {
    const auto refused = send("Contact: <sip:a@h>\r\nPath: <sip:p1;lr>\r\n");
    EXPECT_EQ(refused.status, 420);
    EXPECT_EQ(refused.unsupported, "path");
    const auto answer = send("Contact: <sip:a@h>\r\nSupported: path\r\nPath: <sip:p1;lr>, <sip:p2;lr>\r\n");
    EXPECT_EQ(answer.path, (std::vector<std::string>{"<sip:p1;lr>", "<sip:p2;lr>"}));
    EXPECT_EQ(registrar_.lookup(kAor, now_)[0].path, answer.path);
}

TEST_F(RegistrarTest, outbound_is_confirmed_only_when_everything_for_it_is_there) {
    const std::string supported = "Supported: outbound, path\r\n";
    const auto full = send(instance("a") + supported);
    EXPECT_TRUE(full.require_outbound);
    EXPECT_EQ(full.flow_timer, 25U);
    const auto websocket = send(instance("a") + supported, stream(1));
    EXPECT_TRUE(websocket.require_outbound);
    EXPECT_EQ(websocket.flow_timer, 0U);
    EXPECT_FALSE(send(instance("a")).require_outbound);
    EXPECT_FALSE(send(instance("b", 0) + supported).require_outbound);
    EXPECT_FALSE(send("Contact: <sip:c@h>;reg-id=1\r\n" + supported).require_outbound);
    EXPECT_FALSE(send(instance("a") + supported + "Via: SIP/2.0/UDP edge;branch=z9hG4bKx\r\n").require_outbound);
    EXPECT_FALSE(send("Contact: *\r\nExpires: 0\r\n" + supported).require_outbound);
}

TEST_F(RegistrarTest, the_answer_is_written_with_all_its_headers) {
    const auto request = *Message::parse(
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: "
        "<sip:alice@example.com>;tag=1\r\n"
        "To: <sip:alice@example.com>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nSupported: outbound\r\n" +
        instance("a") + "\r\n");
    const auto answer = registrar_.process(*request, kAor, datagram(), now_);
    std::string out;
    ResponseBuilder builder(out, *request, answer.status);
    answer.write(builder);
    builder.finish();
    const auto response = *Message::parse(out);
    EXPECT_TRUE(response->has_token(HeaderId::Require, "outbound"));
    EXPECT_EQ(response->value(HeaderId::FlowTimer), "25");
    EXPECT_EQ(response->contact().param("+sip.instance"), "\"<urn:uuid:a>\"");
    EXPECT_EQ(response->contact().param("reg-id"), "1");
    EXPECT_EQ(response->contact().param("expires"), "3600");
}

TEST_F(RegistrarTest, an_account_can_be_cleared) {
    (void)send("Contact: <sip:a@h>, <sip:b@h>\r\n");
    EXPECT_EQ(registrar_.remove_all(kAor).size(), 2U);
    EXPECT_TRUE(registrar_.remove_all(kAor).empty());
    EXPECT_EQ(registrar_.next_deadline(), kNever);
}

TEST_F(RegistrarTest, ten_thousand_bindings_come_and_go) {
    for (int i = 0; i < 10'000; ++i) {
        const std::string aor = "sip:u" + std::to_string(i) + "@example.com";
        const auto message = *Message::parse(
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <" + aor +
            ">;tag=1\r\nTo: <" + aor + ">\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:x@h>;expires=" +
            std::to_string(60 + i % 100) + "\r\n\r\n");
        (void)registrar_.process(*message, aor, stream(static_cast<std::uint64_t>(i) + 1), now_);
    }
    EXPECT_EQ(registrar_.size(), 10'000U);
    EXPECT_EQ(registrar_.expire(now_ + seconds(109)).size(), 5'000U);
    EXPECT_EQ(registrar_.expire(now_ + seconds(159)).size(), 5'000U);
    EXPECT_EQ(registrar_.size(), 0U);
}

}  // namespace
}  // namespace dp::sip
