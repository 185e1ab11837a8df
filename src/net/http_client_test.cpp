#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include "net/event_loop.hpp"
#include "net/testing/http_fixture.hpp"
#include "net/testing/tls_fixture.hpp"
#include "net/testing/wait_queue.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using testing::HttpFixture;
using testing::TlsFixture;
using testing::WaitQueue;

class HttpClientTest : public ::testing::Test {
protected:
    ~HttpClientTest() override { client.reset(); }
    Result<HttpClientResponse> fetch(OutgoingHttpRequest request) {
        if (!client) client = std::make_unique<HttpClient>(options);
        WaitQueue<Result<HttpClientResponse>> answers;
        const bool sent = client->send(std::move(request), replies.loop(), [&](Result<HttpClientResponse> answer) {
            EXPECT_TRUE(replies.loop().is_owner());
            answers.push(std::move(answer));
        });
        EXPECT_TRUE(sent);
        auto answer = answers.pop(30s);
        if (!answer) return fail(ErrorCode::Internal, "no answer at all");
        return std::move(*answer);
    }
    static ErrorCode code_of(const Result<HttpClientResponse>& result) {
        return result ? ErrorCode::Internal : result.error().code;
    }
    static OutgoingHttpRequest local(const HttpFixture& http, std::string path) {
        OutgoingHttpRequest request;
        request.url = "http://" + http.at().str() + path;
        request.addresses = TargetAddresses::Any;
        return request;
    }
    HttpClientOptions options;
    LoopThread replies{"replies"};
    std::unique_ptr<HttpClient> client;
};

void echo(HttpRequest request, HttpResponder responder) {
    std::move(responder).respond(
        {200,
         {{"X-Type", std::string(request.header("Content-Type"))}, {"X-Other", std::string(request.header("X-Other"))}},
         request.method + " " + request.target + " " + request.body});
}

TEST_F(HttpClientTest, SendsMethodHeadersAndBodyAndReturnsTheAnswer) {
    HttpFixture http(echo);
    auto request = local(http, "/hook?a=b");
    request.method = "PUT";
    request.headers = {{"Content-Type", "application/json"}, {"X-Other", "y"}};
    request.body = "{}";
    const auto answer = fetch(request);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "PUT /hook?a=b {}");
    EXPECT_EQ(answer->header("x-type"), "application/json");
    EXPECT_EQ(answer->header("X-Other"), "y");
    EXPECT_EQ(answer->remote, http.at());
}

TEST_F(HttpClientTest, SendsEveryMethodWithoutABody) {
    HttpFixture http(echo);
    for (const std::string method : {"GET", "POST", "DELETE", "OPTIONS"}) {
        auto request = local(http, "/");
        request.method = method;
        const auto answer = fetch(request);
        ASSERT_TRUE(answer) << method;
        EXPECT_EQ(answer->body, method + " / ");
    }
    auto head = local(http, "/");
    head.method = "HEAD";
    EXPECT_EQ(fetch(head).value_or(HttpClientResponse{}).status, 200);
}

TEST_F(HttpClientTest, RefusesAddressesThatAreNotPublicBeforeItConnects) {
    std::atomic<int> requests{0};
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        ++requests;
        std::move(responder).respond({});
    });
    const std::string port = std::to_string(http.at().port);
    for (const std::string host :
         {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "[::1]"}) {
        OutgoingHttpRequest request;
        request.url = "http://" + host + ":" + port + "/";
        EXPECT_EQ(code_of(fetch(request)), ErrorCode::Forbidden) << host;
    }
    EXPECT_EQ(requests, 0);
    http.thread().run_and_wait([&] { EXPECT_EQ(http.server().counters().accepted, 0U); });
}

TEST_F(HttpClientTest, DoesNotReuseAnUnguardedConnectionForAGuardedRequest) {
    HttpFixture http(echo);
    auto request = local(http, "/");
    ASSERT_TRUE(fetch(request));
    request.addresses = TargetAddresses::PublicOnly;
    EXPECT_EQ(code_of(fetch(request)), ErrorCode::Forbidden);
}

TEST_F(HttpClientTest, KeepsConnections) {
    HttpFixture http(echo);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(fetch(local(http, "/")));
    http.thread().run_and_wait([&] { EXPECT_EQ(http.server().counters().accepted, 1U); });
}

TEST_F(HttpClientTest, DoesNotFollowRedirects) {
    HttpFixture http([](HttpRequest, HttpResponder responder) {
        std::move(responder).respond({302, {{"Location", "/other"}}, {}});
    });
    const auto answer = fetch(local(http, "/"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 302);
    EXPECT_EQ(answer->header("Location"), "/other");
}

TEST_F(HttpClientTest, BoundsTheAnswer) {
    HttpFixture http(
        [](HttpRequest, HttpResponder responder) { std::move(responder).respond({200, {}, std::string(5000, 'x')}); });
    auto request = local(http, "/");
    request.max_response = 4999;
    EXPECT_EQ(code_of(fetch(request)), ErrorCode::TooLarge);
    request.max_response = 5000;
    EXPECT_TRUE(fetch(request));
}

TEST_F(HttpClientTest, HandsABodyOverAsItComesAndEndsWhenToldTo) {
    HttpFixture http(echo);
    auto request = local(http, "/stream");
    std::string taken;
    request.on_body = [&](std::string_view piece) {
        taken += piece;
        return false;
    };
    const auto answer = fetch(request);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(taken, "GET /stream ");
    EXPECT_EQ(answer->body, "");
}

TEST_F(HttpClientTest, KeepsTheBodyOfARefusalFromTheTaker) {
    HttpFixture http(
        [](HttpRequest, HttpResponder responder) { std::move(responder).respond({403, {}, "not yours"}); });
    auto request = local(http, "/stream");
    request.on_body = [](std::string_view) { return ADD_FAILURE(), true; };
    const auto answer = fetch(request);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "not yours");
}

TEST_F(HttpClientTest, GivesUpOnAReceiverThatDoesNotAnswer) {
    WaitQueue<std::shared_ptr<HttpResponder>> held;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        held.push(std::make_shared<HttpResponder>(std::move(responder)));
    });
    auto request = local(http, "/");
    request.total_timeout = 50ms;
    EXPECT_EQ(code_of(fetch(request)), ErrorCode::Timeout);
}

TEST_F(HttpClientTest, SaysThatNobodyListensOrTheUrlIsNone) {
    std::string url;
    {
        HttpFixture http(echo);
        url = "http://" + http.at().str() + "/";
    }
    OutgoingHttpRequest request;
    request.url = url;
    request.addresses = TargetAddresses::Any;
    EXPECT_EQ(code_of(fetch(request)), ErrorCode::TransportFailed);
    for (const auto* bad : {"file:///etc/passwd", "gopher://127.0.0.1/", "http://", "", "http://a b/"}) {
        request.url = bad;
        EXPECT_EQ(code_of(fetch(request)), ErrorCode::InvalidValue) << bad;
    }
}

TEST_F(HttpClientTest, NeverSendsALineThatSomebodyElseWrote) {
    HttpFixture http(echo);
    auto request = local(http, "/");
    request.headers = {{"X-Other", "a\r\nX-Evil: b"}};
    EXPECT_EQ(code_of(fetch(request)), ErrorCode::InvalidValue);
}

TEST_F(HttpClientTest, VerifiesCertificatesAgainstTheGivenAuthorityAndUsesHostOverrides) {
    TlsFixture tls;
    HttpFixture https(echo, {}, tls.server);
    OutgoingHttpRequest request;
    request.addresses = TargetAddresses::Any;
    request.url = "https://pbx.example.com:" + std::to_string(https.at().port) + "/secure";
    options.hosts = {{"pbx.example.com", "127.0.0.1"}};
    EXPECT_EQ(code_of(fetch(request)), ErrorCode::TransportFailed);
    request.verify_certificate = false;
    EXPECT_TRUE(fetch(request));
    request.verify_certificate = true;
    options.ca_file = tls.certificate.ca_file;
    client.reset();
    EXPECT_EQ(fetch(request).value_or(HttpClientResponse{}).body, "GET /secure ");
}

TEST_F(HttpClientTest, RefusesMoreThanItsQueueHolds) {
    options.max_queued = 2;
    WaitQueue<std::shared_ptr<HttpResponder>> held;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        held.push(std::make_shared<HttpResponder>(std::move(responder)));
    });
    client = std::make_unique<HttpClient>(options);
    const auto ignore = [](const Result<HttpClientResponse>&) {};
    EXPECT_TRUE(client->send(local(http, "/"), replies.loop(), ignore));
    EXPECT_TRUE(client->send(local(http, "/"), replies.loop(), ignore));
    EXPECT_FALSE(client->send(local(http, "/"), replies.loop(), ignore));
    client->stop();
    EXPECT_FALSE(client->send(local(http, "/"), replies.loop(), ignore));
}

TEST_F(HttpClientTest, RunsManyRequestsAtOnce) {
    HttpFixture http(echo);
    client = std::make_unique<HttpClient>(options);
    WaitQueue<int> answers;
    for (int i = 0; i < 500; ++i)
        ASSERT_TRUE(client->send(local(http, "/"), replies.loop(),
                                 [&](Result<HttpClientResponse> a) { answers.push(a ? a->status : 0); }));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(answers.pop(), 200);
}

struct AddressCase {
    const char* address;
    bool is_public;
};
TEST(PublicAddress, IsDecidedAfterEveryDisguise) {
    for (const auto& [text, expected] : {AddressCase{"8.8.8.8", true},
                                         {"1.1.1.1", true},
                                         {"172.32.0.1", true},
                                         {"100.128.0.1", true},
                                         {"2606:4700::1111", true},
                                         {"2002:0808:0808::", true},
                                         {"64:ff9b::808:808", true},
                                         {"::ffff:8.8.8.8", true},
                                         {"0.0.0.0", false},
                                         {"10.1.2.3", false},
                                         {"127.0.0.1", false},
                                         {"169.254.169.254", false},
                                         {"172.31.255.255", false},
                                         {"192.168.0.1", false},
                                         {"100.64.0.1", false},
                                         {"198.19.0.1", false},
                                         {"224.0.0.1", false},
                                         {"255.255.255.255", false},
                                         {"192.0.2.1", false},
                                         {"203.0.113.9", false},
                                         {"::", false},
                                         {"::1", false},
                                         {"fe80::1", false},
                                         {"fd00::1", false},
                                         {"ff02::1", false},
                                         {"2001:db8::1", false},
                                         {"2001::1", false},
                                         {"2002:7f00:1::", false},
                                         {"64:ff9b::7f00:1", false},
                                         {"::ffff:10.0.0.1", false},
                                         {"3fff::1", false},
                                         {"100::1", false}})
        EXPECT_EQ(is_public_address(*IpAddress::parse(text)), expected) << text;
}

}  // namespace
}  // namespace dp::net
