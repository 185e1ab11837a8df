#include "sip/digest.hpp"

#include <gtest/gtest.h>

#include "sip/digest_client.hpp"
#include "sip/digest_server.hpp"
#include "sip/message_builder.hpp"

namespace dp::sip {
namespace {

using std::chrono::seconds;

// RFC 7616 3.9.1.
TEST(Digest, computes_the_example_of_rfc_7616) {
    constexpr std::string_view kNonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    constexpr std::string_view kCnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const auto response = [&](DigestAlgorithm algorithm) {
        const std::string ha1 = digest_ha1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
        return digest_response({algorithm, ha1, kNonce, "GET", "/dir/index.html", "auth", "00000001", kCnonce});
    };
    EXPECT_EQ(response(DigestAlgorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
    EXPECT_EQ(response(DigestAlgorithm::Sha256), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

TEST(Digest, reads_challenges_and_credentials) {
    const auto challenge = parse_challenge(
        R"(digest realm="a \"b\"", nonce="n,1", qop="auth-int, auth" , algorithm=SHA-256, stale=TRUE, opaque="")");
    ASSERT_TRUE(challenge);
    EXPECT_EQ(challenge->realm, "a \"b\"");
    EXPECT_EQ(challenge->nonce, "n,1");
    EXPECT_TRUE(challenge->qop_auth && challenge->stale && challenge->has_opaque);
    EXPECT_EQ(challenge->algorithm, DigestAlgorithm::Sha256);
    EXPECT_FALSE(parse_challenge(R"(Digest realm="r", nonce="n", algorithm=MD5-sess)")->algorithm);
    EXPECT_EQ(parse_challenge("Basic realm=x").error().code, ErrorCode::NotFound);
    EXPECT_EQ(parse_credentials("NoOneKnowsThisScheme a=b").error().code, ErrorCode::NotFound);
}

TEST(Digest, refuses_malformed_headers) {
    for (const char* text :
         {"Digest", "Digest ", "Digest realm", "Digest realm=\"x", "Digest =x", "Digest ,,,", "Digest realm=,",
          "Digest nonce=\"a\", nonce=\"b\"", "Digest realm=\"x\"y, nonce=\"n\"", "Digest realm=\"r\""})
        EXPECT_EQ(parse_challenge(text).error().code, ErrorCode::MalformedInput) << text;
    std::string many = "Digest nonce=n";
    for (int i = 0; i < 100; ++i) many += ", p" + std::to_string(i) + "=1";
    EXPECT_FALSE(parse_challenge(many));
    EXPECT_FALSE(parse_credentials("Digest username=\"a\", realm=\"r\", nonce=\"n\", uri=\"sip:h\""));
}

/// A registrar and a phone that share time and randomness.
class DigestTest : public testing::Test {
protected:
    static constexpr TimePoint kStart{seconds(1000)};

    std::string request_text(const std::string& authorization, std::string_view method = "REGISTER",
                             std::string_view uri = "sip:example.com") {
        std::string out;
        RequestBuilder builder(out, method, uri);
        builder.via({TransportKind::Udp, "h", 0, "z9hG4bK1"})
            .address(HeaderId::From, {{}, "sip:alice@example.com", "t", {}})
            .address(HeaderId::To, {{}, "sip:alice@example.com", {}, {}})
            .header(HeaderId::CallId, "c")
            .cseq(1, method);
        if (!authorization.empty()) builder.header(HeaderId::Authorization, authorization);
        builder.finish();
        return out;
    }

    Message challenge_message(bool stale = false, TransportKind transport = TransportKind::Udp, int status = 401) {
        const auto request = *Message::parse(request_text({}));
        std::string out;
        ResponseBuilder builder(out, *request, status);
        for (const std::string& value : server_.challenge(transport, stale, now_))
            builder.header(status == 407 ? HeaderId::ProxyAuthenticate : HeaderId::WwwAuthenticate, value);
        builder.finish();
        return *Message::parse(out);
    }

    DigestCheck check(const std::string& text, TransportKind transport = TransportKind::Udp) {
        const Message request = *Message::parse(text);
        return server_.check(*request, transport, now_, [this](std::string_view user, std::string_view realm) {
            ++lookups_;
            return user == "alice" ? std::optional(secret(user, realm)) : std::nullopt;
        });
    }

    DigestSecret secret(std::string_view user, std::string_view realm) const {
        DigestSecret out{digest_ha1(DigestAlgorithm::Md5, user, realm, "s3cret"),
                         digest_ha1(DigestAlgorithm::Sha256, user, realm, "s3cret")};
        if (!has_md5_) out.ha1_md5.clear();
        return out;
    }

    std::string answer(const Message& challenge, std::string_view password = "s3cret",
                       std::string_view user = "alice") {
        DigestClient client({std::string(user), std::string(password), "example.com"}, random_);
        DigestAttempts attempts;
        const auto line = client.answer(*challenge, "REGISTER", "sip:example.com", attempts);
        EXPECT_TRUE(line);
        return line ? line->value : std::string();
    }

    SeededRandom random_{7};
    TimePoint now_ = kStart;
    DigestServer server_{{.realm = "example.com"}, random_, kStart};
    int lookups_ = 0;
    bool has_md5_ = true;
};

TEST_F(DigestTest, a_phone_with_the_password_gets_in) {
    EXPECT_EQ(check(request_text({})).outcome, DigestOutcome::NoCredentials);
    const DigestCheck result = check(request_text(answer(challenge_message())));
    EXPECT_EQ(result.outcome, DigestOutcome::Accepted);
    EXPECT_EQ(result.username, "alice");
    EXPECT_EQ(lookups_, 1);
}

TEST_F(DigestTest, the_list_follows_the_transport) {
    const auto udp = server_.challenge(TransportKind::Tls, false, now_);
    ASSERT_EQ(udp.size(), 2U);
    EXPECT_NE(udp[0].find("algorithm=SHA-256"), std::string::npos);
    EXPECT_NE(udp[1].find("algorithm=MD5"), std::string::npos);
    const auto websocket = server_.challenge(TransportKind::Wss, true, now_);
    ASSERT_EQ(websocket.size(), 1U);
    EXPECT_NE(websocket[0].find("algorithm=MD5"), std::string::npos);
    EXPECT_NE(websocket[0].find("stale=true"), std::string::npos);
    EXPECT_EQ(websocket[0].find("auth-int"), std::string::npos);
    EXPECT_EQ(server_.challenge(TransportKind::Ws, false, now_, DigestServer::Offer::Sha256Only).size(), 1U);
}

TEST_F(DigestTest, the_client_takes_the_strongest_challenge) {
    EXPECT_NE(answer(challenge_message()).find("algorithm=SHA-256"), std::string::npos);
    const std::string md5 = answer(challenge_message(false, TransportKind::Wss));
    EXPECT_NE(md5.find("algorithm=MD5"), std::string::npos);
    EXPECT_EQ(check(request_text(md5), TransportKind::Wss).outcome, DigestOutcome::Accepted);
}

TEST_F(DigestTest, known_and_unknown_users_are_refused_alike) {
    const DigestCheck wrong = check(request_text(answer(challenge_message(), "guess")));
    const DigestCheck unknown = check(request_text(answer(challenge_message(), "guess", "bob")));
    EXPECT_EQ(wrong.outcome, DigestOutcome::Wrong);
    EXPECT_EQ(unknown.outcome, DigestOutcome::Wrong);
    EXPECT_EQ(wrong.reason, unknown.reason);
}

TEST_F(DigestTest, an_old_nonce_is_stale_for_the_password_holder_only) {
    const Message challenge = challenge_message();
    const std::string right = answer(challenge);
    const std::string wrong = answer(challenge, "guess");
    now_ += seconds(299);
    EXPECT_EQ(check(request_text(right)).outcome, DigestOutcome::Accepted);
    now_ += seconds(1);
    EXPECT_EQ(check(request_text(right)).outcome, DigestOutcome::Stale);
    EXPECT_EQ(check(request_text(wrong)).outcome, DigestOutcome::Wrong);
}

TEST_F(DigestTest, a_replay_is_stale) {
    const std::string text = request_text(answer(challenge_message()));
    EXPECT_EQ(check(text).outcome, DigestOutcome::Accepted);
    EXPECT_EQ(check(text).outcome, DigestOutcome::Stale);
}

TEST_F(DigestTest, counts_may_come_out_of_order_within_the_window) {
    DigestClient client({"alice", "s3cret", "example.com"}, random_);
    DigestAttempts attempts;
    std::vector<std::string> lines{client.answer(*challenge_message(), "REGISTER", "sip:example.com", attempts)->value};
    for (int i = 2; i <= 70; ++i) lines.push_back(client.preemptive("REGISTER", "sip:example.com")->value);
    const auto outcome = [&](std::size_t count) { return check(request_text(lines[count - 1])).outcome; };
    EXPECT_EQ(outcome(3), DigestOutcome::Accepted);
    EXPECT_EQ(outcome(1), DigestOutcome::Accepted);
    EXPECT_EQ(outcome(1), DigestOutcome::Stale);
    EXPECT_EQ(outcome(67), DigestOutcome::Accepted);
    EXPECT_EQ(outcome(4), DigestOutcome::Accepted);
    EXPECT_EQ(outcome(2), DigestOutcome::Stale);
    EXPECT_EQ(server_.used_nonces(), 1U);
}

TEST_F(DigestTest, only_success_takes_memory_and_it_is_given_back) {
    for (int i = 0; i < 50; ++i) (void)check(request_text(answer(challenge_message(), "guess")));
    EXPECT_EQ(server_.used_nonces(), 0U);
    for (int i = 0; i < 50; ++i) (void)check(request_text(answer(challenge_message())));
    EXPECT_EQ(server_.used_nonces(), 50U);
    now_ += seconds(3600);
    (void)challenge_message();
    EXPECT_EQ(server_.used_nonces(), 0U);
}

TEST_F(DigestTest, a_full_table_ends_all_nonces_rather_than_allow_a_replay) {
    server_ = DigestServer({.realm = "example.com", .max_used_nonces = 2}, random_, kStart);
    const std::string first = request_text(answer(challenge_message()));
    EXPECT_EQ(check(first).outcome, DigestOutcome::Accepted);
    EXPECT_EQ(check(request_text(answer(challenge_message()))).outcome, DigestOutcome::Accepted);
    EXPECT_EQ(check(request_text(answer(challenge_message()))).outcome, DigestOutcome::Stale);
    EXPECT_EQ(check(first).outcome, DigestOutcome::Stale);
    EXPECT_EQ(check(request_text(answer(challenge_message()))).outcome, DigestOutcome::Accepted);
}

TEST_F(DigestTest, a_nonce_outlives_one_key_rotation) {
    now_ += seconds(3500);
    const std::string text = request_text(answer(challenge_message()));
    now_ += seconds(150);
    (void)challenge_message();
    EXPECT_EQ(check(text).outcome, DigestOutcome::Accepted);
}

TEST_F(DigestTest, a_restart_makes_nonces_stale) {
    const std::string text = request_text(answer(challenge_message()));
    server_ = DigestServer({.realm = "example.com"}, random_, kStart);
    EXPECT_EQ(check(text).outcome, DigestOutcome::Stale);
}

TEST_F(DigestTest, without_qop_a_nonce_works_once) {
    const auto challenge = challenges(*challenge_message()).at(1);
    const std::string ha1 = digest_ha1(DigestAlgorithm::Md5, "alice", "example.com", "s3cret");
    const std::string response =
        digest_response({DigestAlgorithm::Md5, ha1, challenge.nonce, "REGISTER", "sip:example.com", {}, {}, {}});
    const std::string text =
        request_text("Digest username=\"alice\", realm=\"example.com\", nonce=\"" + challenge.nonce +
                     "\", uri=\"sip:example.com\", response=\"" + response + "\"");
    EXPECT_EQ(check(text).outcome, DigestOutcome::Accepted);
    EXPECT_EQ(check(text).outcome, DigestOutcome::Stale);
}

TEST_F(DigestTest, an_algorithm_that_the_account_has_no_secret_for_is_wrong) {
    has_md5_ = false;
    const std::string md5 = answer(challenge_message(false, TransportKind::Wss));
    EXPECT_EQ(check(request_text(md5), TransportKind::Wss).outcome, DigestOutcome::Wrong);
    EXPECT_EQ(check(request_text(answer(challenge_message()))).outcome, DigestOutcome::Accepted);
}

TEST_F(DigestTest, credentials_are_for_one_uri_and_one_method) {
    const std::string line = answer(challenge_message());
    EXPECT_EQ(check(request_text(line, "REGISTER", "sip:other.com")).outcome, DigestOutcome::Malformed);
    EXPECT_EQ(check(request_text(line, "INVITE")).outcome, DigestOutcome::Wrong);
    EXPECT_EQ(check(request_text(line, "REGISTER", "sip:example.com;transport=udp")).outcome, DigestOutcome::Accepted);
}

TEST_F(DigestTest, credentials_for_another_realm_are_ignored) {
    const std::string other =
        "Digest username=\"alice\", realm=\"x\", nonce=\"n\", uri=\"sip:example.com\", response=\"0\"";
    EXPECT_EQ(check(request_text(other)).outcome, DigestOutcome::NoCredentials);
    EXPECT_EQ(check(request_text("Basic YTpi")).outcome, DigestOutcome::NoCredentials);
    EXPECT_EQ(check(request_text("Digest username")).outcome, DigestOutcome::Malformed);
}

TEST_F(DigestTest, a_forged_nonce_is_worth_nothing) {
    std::string line = answer(challenge_message());
    for (const char* nonce : {"", "AAAA", "!!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        std::string forged = line;
        const std::size_t at = forged.find("nonce=\"") + 7;
        forged.replace(at, forged.find('"', at) - at, nonce);
        EXPECT_NE(check(request_text(forged)).outcome, DigestOutcome::Accepted) << nonce;
    }
}

TEST_F(DigestTest, a_nonce_of_one_transport_does_not_serve_another) {
    const std::string line = answer(challenge_message());
    EXPECT_EQ(check(request_text(line), TransportKind::Tcp).outcome, DigestOutcome::Stale);
}

class DigestClientTest : public DigestTest {
protected:
    Result<AuthorizationLine> answer_to(const Message& challenge) {
        return client_.answer(*challenge, "REGISTER", "sip:example.com", attempts_);
    }
    DigestClient client_{{"alice", "s3cret", "example.com"}, random_};
    DigestAttempts attempts_;
};

TEST_F(DigestClientTest, gives_up_at_the_second_refusal) {
    EXPECT_TRUE(answer_to(challenge_message()));
    EXPECT_EQ(answer_to(challenge_message()).error().code, ErrorCode::Unauthenticated);
    EXPECT_FALSE(client_.preemptive("REGISTER", "sip:example.com"));
}

TEST_F(DigestClientTest, takes_at_most_three_fresh_nonces) {
    EXPECT_TRUE(answer_to(challenge_message()));
    for (int i = 0; i < DigestClient::kMaxStale; ++i) EXPECT_TRUE(answer_to(challenge_message(true)));
    EXPECT_FALSE(answer_to(challenge_message(true)));
}

TEST_F(DigestClientTest, the_same_nonce_again_is_a_refusal_even_if_called_stale) {
    const Message challenge = challenge_message(true);
    EXPECT_TRUE(answer_to(challenge));
    EXPECT_FALSE(answer_to(challenge));
}

TEST_F(DigestClientTest, speaks_to_its_own_realm_only) {
    server_ = DigestServer({.realm = "evil.com"}, random_, kStart);
    EXPECT_EQ(answer_to(challenge_message()).error().code, ErrorCode::NotFound);
}

TEST_F(DigestClientTest, adopts_the_first_realm_when_none_is_configured) {
    client_ = DigestClient({"alice", "s3cret", {}}, random_);
    EXPECT_TRUE(answer_to(challenge_message()));
    server_ = DigestServer({.realm = "evil.com"}, random_, kStart);
    attempts_ = {};
    EXPECT_FALSE(answer_to(challenge_message()));
}

TEST_F(DigestClientTest, answers_a_proxy_with_the_proxy_header) {
    EXPECT_EQ(answer_to(challenge_message(false, TransportKind::Udp, 407))->header, HeaderId::ProxyAuthorization);
}

TEST_F(DigestClientTest, counts_up_on_a_kept_nonce_and_learns_the_next) {
    EXPECT_FALSE(client_.preemptive("REGISTER", "sip:example.com"));
    EXPECT_NE(answer_to(challenge_message())->value.find("nc=00000001"), std::string::npos);
    EXPECT_NE(client_.preemptive("REGISTER", "sip:example.com")->value.find("nc=00000002"), std::string::npos);
    const Message ok = *Message::parse(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: "
        "<sip:b@h>;tag=2\r\nCall-ID: c\r\n"
        "CSeq: 1 REGISTER\r\nAuthentication-Info: qop=auth, nextnonce=\"next\"\r\n\r\n");
    client_.learn(*ok);
    const std::string line = client_.preemptive("REGISTER", "sip:example.com")->value;
    EXPECT_NE(line.find("nonce=\"next\""), std::string::npos);
    EXPECT_NE(line.find("nc=00000001"), std::string::npos);
}

TEST_F(DigestClientTest, a_challenge_with_auth_int_alone_cannot_be_answered) {
    const Message m = *Message::parse(
        "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: "
        "<sip:b@h>;tag=2\r\n"
        "Call-ID: c\r\nCSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\", "
        "qop=\"auth-int\"\r\n\r\n");
    EXPECT_EQ(answer_to(m).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace dp::sip
