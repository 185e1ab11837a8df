#include "net/websocket.hpp"

#include <gtest/gtest.h>

#include "net/local_authority.hpp"
#include "net/testing/http_fixture.hpp"
#include "net/testing/wait_queue.hpp"
#include "net/websocket_codec.hpp"
#include "net/websocket_stream.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using testing::BlockingClient;
using testing::HttpFixture;
using testing::WaitQueue;

constexpr WebSocketMask kMask{1, 2, 3, 4};

/// Records, and echoes when told to.
struct Recorder final : WebSocketHandler {
    explicit Recorder(bool echoes = false) : echo(echoes) {}
    void on_open(std::shared_ptr<WebSocketSession> session) override { opened.push(std::move(session)); }
    void on_message(WebSocketSession& session, WebSocketKind kind, std::string_view payload) override {
        messages.push({kind, std::string(payload)});
        if (echo) session.send(kind, payload);
    }
    void on_closed(WebSocketSession&, std::uint16_t code, std::string_view reason) override {
        closed.push({code, std::string(reason)});
    }
    const bool echo;
    WaitQueue<std::shared_ptr<WebSocketSession>> opened;
    WaitQueue<std::pair<WebSocketKind, std::string>> messages;
    WaitQueue<std::pair<int, std::string>> closed;
};

std::string handshake(std::string_view more = {}) {
    return "GET /ws HTTP/1.1\r\nHost: pbx\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
           std::string(more) + "\r\n";
}
std::string text(std::string_view payload) {
    return encode_websocket_frame(WebSocketOpcode::Text, payload, kMask);
}
std::string close_frame(std::uint16_t code) {
    return encode_websocket_close(code, {}, kMask);
}

struct WebSocketServer {
    explicit WebSocketServer(WebSocketOptions options = {}, bool echo = true, TlsContext tls = {})
        : recorder(std::make_shared<Recorder>(echo)),
          http(
              [this, options](HttpRequest, HttpResponder responder) {
                  std::move(responder).accept_websocket("", recorder, options);
              },
              {}, std::move(tls)) {}
    std::shared_ptr<Recorder> recorder;
    HttpFixture http;
};

/// A client whose handshake is done.
struct Raw : BlockingClient {
    explicit Raw(WebSocketServer& server) : BlockingClient(server.http.at()) {
        send(handshake());
        EXPECT_TRUE(read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    }
};

TEST(WebSocket, AcceptsTheExampleOfTheRfc) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocket, EchoesWhatComesWithTheHandshakeAndAfterIt) {
    WebSocketServer server;
    BlockingClient client(server.http.at());
    client.send(handshake() + text("early"));
    EXPECT_TRUE(client.read_until("\r\n\r\n").ends_with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    EXPECT_EQ(client.read_exactly(7), encode_websocket_frame(WebSocketOpcode::Text, "early"));
    client.send(text("later"));
    EXPECT_EQ(client.read_exactly(7), encode_websocket_frame(WebSocketOpcode::Text, "later"));
}

TEST(WebSocket, NamesTheSubprotocolItChose) {
    auto recorder = std::make_shared<Recorder>();
    HttpFixture http(
        [&](HttpRequest, HttpResponder responder) { std::move(responder).accept_websocket("sip", recorder); });
    BlockingClient client(http.at());
    client.send(handshake("Sec-WebSocket-Protocol: sip\r\n"));
    EXPECT_NE(client.read_until("\r\n\r\n").find("Sec-WebSocket-Protocol: sip\r\n"), std::string::npos);
}

TEST(WebSocket, IsNotGivenToARequestThatDidNotAskForIt) {
    WebSocketServer server;
    EXPECT_TRUE(
        server.http.exchange("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 426 "));
    const std::string old = server.http.exchange(
        "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: "
        "8\r\n\r\n");
    EXPECT_TRUE(old.starts_with("HTTP/1.1 400 "));
    EXPECT_NE(old.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST(WebSocket, AnswersAPingWithItsPayload) {
    WebSocketServer server;
    Raw client(server);
    client.send(encode_websocket_frame(WebSocketOpcode::Ping, "are you there", kMask));
    EXPECT_EQ(client.read_exactly(15), encode_websocket_frame(WebSocketOpcode::Pong, "are you there"));
}

TEST(WebSocket, EchoesTheCodeOfACloseAndEnds) {
    WebSocketServer server;
    Raw client(server);
    client.send(encode_websocket_close(4001, "bye", kMask) + text("too late"));
    EXPECT_EQ(client.read_to_end(), encode_websocket_close(4001, {}));
    client.close();
    EXPECT_EQ(server.recorder->closed.pop(), (std::pair<int, std::string>{4001, "bye"}));
    EXPECT_FALSE(server.recorder->messages.pop(0ms));
}

struct BadFrame {
    std::string octets;
    int code;
};
TEST(WebSocket, ClosesWithTheCodeOfTheViolation) {
    for (const auto& [octets, code] : {BadFrame{"\xff\x80"
                                                "abcd",
                                                1002},
                                       {encode_websocket_frame(WebSocketOpcode::Text, "unmasked"), 1002},
                                       {text("\xff"), 1007},
                                       {text(std::string(70'000, 'x')), 1009},
                                       {close_frame(1006), 1002}}) {
        WebSocketServer server;
        Raw client(server);
        client.send(octets);
        EXPECT_EQ(client.read_to_end(), encode_websocket_close(static_cast<std::uint16_t>(code), {}));
        client.close();
        EXPECT_EQ(server.recorder->closed.pop().value_or(std::pair<int, std::string>{}).first, code);
    }
}

TEST(WebSocket, ReportsABrokenConnectionAs1006) {
    WebSocketServer server;
    Raw client(server);
    client.reset();
    EXPECT_EQ(server.recorder->closed.pop().value_or(std::pair<int, std::string>{}).first, 1006);
}

TEST(WebSocket, PingsAndClosesWhoDoesNotAnswer) {
    WebSocketServer server({.ping_interval = 30ms, .pong_timeout = 20ms});
    Raw client(server);
    EXPECT_EQ(client.read_exactly(2), encode_websocket_frame(WebSocketOpcode::Ping, {}));
    EXPECT_EQ(server.recorder->closed.pop().value_or(std::pair<int, std::string>{}).first, 1006);
}

TEST(WebSocket, GoesOnPingingWhoAnswers) {
    WebSocketServer server({.ping_interval = 30ms});
    Raw client(server);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(client.read_exactly(2), encode_websocket_frame(WebSocketOpcode::Ping, {}));
        client.send(encode_websocket_frame(WebSocketOpcode::Pong, {}, kMask));
    }
    EXPECT_FALSE(server.recorder->closed.pop(0ms));
}

TEST(WebSocketSession, SendsFromAnyThreadInOrderUntilItIsClosed) {
    WebSocketServer server({}, false);
    Raw client(server);
    const auto session = server.recorder->opened.pop();
    ASSERT_TRUE(session);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE((*session)->send_text(std::to_string(i)));
    (*session)->close(websocket_code::kSessionEnded, "logged out");
    EXPECT_FALSE((*session)->send_text("late"));
    std::string expected;
    for (int i = 0; i < 100; ++i) expected += encode_websocket_frame(WebSocketOpcode::Text, std::to_string(i));
    expected += encode_websocket_close(4401, "logged out");
    EXPECT_EQ(client.read_exactly(expected.size()), expected);
    client.send(close_frame(4401));
    EXPECT_EQ(client.read_to_end(), "");
    client.close();
    EXPECT_EQ(server.recorder->closed.pop(), (std::pair<int, std::string>{4401, "logged out"}));
}

TEST(WebSocketSession, AReaderThatDoesNotReadIsClosedWith1013) {
    WebSocketServer server({.send_queue = 256 * 1024}, false);
    Raw client(server);
    const auto session = server.recorder->opened.pop();
    ASSERT_TRUE(session);
    const std::string message(16 * 1024, 'x');
    while ((*session)->send_text(message)) {
    }
    EXPECT_FALSE((*session)->open());
    EXPECT_TRUE(client.read_to_end().ends_with(encode_websocket_close(1013, "reader too slow")));
}

TEST(WebSocketSession, OutlivesItsConnectionHarmlessly) {
    WebSocketServer server({}, false);
    Raw client(server);
    const auto session = server.recorder->opened.pop();
    ASSERT_TRUE(session);
    client.reset();
    EXPECT_TRUE(server.recorder->closed.pop());
    EXPECT_FALSE((*session)->send_text("x"));
    (*session)->close(1000);
}

TEST(WebSocketClient, TalksToTheServer) {
    WebSocketServer server;
    auto client = std::make_shared<Recorder>();
    server.http.thread().run_and_wait(
        [&] { connect_websocket(server.http.loop(), {.to = server.http.at(), .host = "pbx"}, client); });
    const auto session = client->opened.pop();
    ASSERT_TRUE(session);
    for (const std::size_t size : {0, 5, 126, 60'000}) {
        const std::string payload(size, 'y');
        EXPECT_TRUE((*session)->send_text(payload));
        EXPECT_EQ(client->messages.pop(), (std::pair{WebSocketKind::Text, payload}));
    }
    (*session)->close(1000, "done");
    EXPECT_EQ(client->closed.pop(), (std::pair<int, std::string>{1000, "done"}));
    EXPECT_EQ(server.recorder->closed.pop(), (std::pair<int, std::string>{1000, "done"}));
}

TEST(WebSocketClient, SaysWhyItGotNoSession) {
    HttpFixture http(
        [](HttpRequest, HttpResponder responder) { std::move(responder).respond(plain_response(403, "no")); });
    auto client = std::make_shared<Recorder>();
    http.thread().run_and_wait([&] { connect_websocket(http.loop(), {.to = http.at(), .host = "pbx"}, client); });
    EXPECT_EQ(client->closed.pop(), (std::pair<int, std::string>{1006, "refused: HTTP/1.1 403 Forbidden"}));
    EXPECT_FALSE(client->opened.pop(0ms));
}

}  // namespace
}  // namespace dp::net
