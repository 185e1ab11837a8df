#include "net/sip_streams.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "net/event_loop.hpp"
#include "net/testing/http_fixture.hpp"
#include "net/testing/tls_fixture.hpp"
#include "net/testing/wait_queue.hpp"
#include "net/websocket_codec.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using sip::TransportKind;
using testing::BlockingClient;
using testing::HttpFixture;
using testing::TlsFixture;
using testing::WaitQueue;

std::string options(int number, std::string_view body = {}) {
    return "OPTIONS sip:pbx SIP/2.0\r\nCall-ID: " + std::to_string(number) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

struct Event {
    sip::Flow flow;
    std::string message;
    int status = 0;  ///< of garbage
};

class Sink final : public SipStreamSink {
public:
    void on_sip_message(const sip::Flow& flow, std::string message) override {
        messages.push({flow, std::move(message)});
    }
    void on_sip_garbage(const sip::Flow& flow, std::uint16_t status, std::string_view, std::string octets) override {
        garbage.push({flow, std::move(octets), status});
    }
    void on_sip_flow_closed(const sip::Flow& flow, CloseReason reason) override { closed.push({flow, reason}); }
    WaitQueue<Event> messages, garbage;
    WaitQueue<std::pair<sip::Flow, CloseReason>> closed;
};

class SipStreamsTest : public ::testing::Test {
protected:
    ~SipStreamsTest() override {
        if (streams) io.run_and_wait([this] { streams->stop(); });
        control.stop();
        io.stop();
    }
    void start(SipStreamOptions stream_options = {}, TlsContext tls = {}) {
        streams = std::make_unique<SipStreams>(io.loop(), control.loop(), std::move(stream_options), sink);
        io.run_and_wait([&] {
            auto bound = streams->listen({.local = *Endpoint::parse("127.0.0.1:0"), .tls = std::move(tls)});
            ASSERT_TRUE(bound) << bound.error().detail;
            at = *bound;
        });
    }
    /// On the control thread.
    template <class Step>
    auto on_control(Step step) {
        decltype(step()) result{};
        control.run_and_wait([&] { result = step(); });
        return result;
    }
    bool send(const sip::Flow& flow, std::string_view message) {
        return on_control([&] { return streams->send(flow, message); });
    }
    sip::Flow open(const sip::Target& target) {
        return on_control([&] { return streams->open_flow(target); });
    }

    Sink sink;
    LoopThread io{"io"}, control{"control"};
    std::unique_ptr<SipStreams> streams;
    Endpoint at;
};

TEST_F(SipStreamsTest, DeliverEachMessageOfASegmentAndAnswerOnItsFlow) {
    start();
    BlockingClient peer(at);
    peer.send(options(1) + options(2, "body") + "\r\n" + options(3));
    for (const auto& expected : {options(1), options(2, "body"), options(3)}) {
        const auto event = sink.messages.pop();
        ASSERT_TRUE(event);
        EXPECT_EQ(event->message, expected);
        EXPECT_EQ(event->flow.kind, TransportKind::Tcp);
        EXPECT_EQ(event->flow.local, at);
        EXPECT_TRUE(send(event->flow, "answer"));
        EXPECT_EQ(peer.read_exactly(6), "answer");
    }
}

TEST_F(SipStreamsTest, DeliverAMessageThatComesInSingleOctets) {
    start();
    BlockingClient peer(at);
    for (const char c : options(1, "x")) peer.send({&c, 1});
    EXPECT_EQ(sink.messages.pop().value_or(Event{}).message, options(1, "x"));
}

TEST_F(SipStreamsTest, AnswerAKeepAliveAlsoWhenItIsSplit) {
    start();
    BlockingClient peer(at);
    peer.send("\r\n");
    peer.send("\r\n");
    EXPECT_EQ(peer.read_exactly(2), "\r\n");
    peer.send(options(1) + "\r\n\r\n");
    EXPECT_EQ(peer.read_exactly(2), "\r\n");
}

TEST_F(SipStreamsTest, TellOnceWhenAFlowHasGoneAndThenTakeNothingForIt) {
    start();
    BlockingClient peer(at);
    peer.send(options(1));
    const auto event = sink.messages.pop();
    ASSERT_TRUE(event);
    peer.reset();
    const auto closed = sink.closed.pop();
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->first, event->flow);
    EXPECT_EQ(closed->second, CloseReason::PeerReset);
    EXPECT_FALSE(send(event->flow, "answer"));
    EXPECT_EQ(on_control([&] { return streams->open_flows(); }), 0U);
}

TEST_F(SipStreamsTest, NeverGiveANewConnectionAnOldFlow) {
    start();
    sip::Flow first;
    for (int i = 0; i < 3; ++i) {
        BlockingClient peer(at);
        peer.send(options(i));
        const auto event = sink.messages.pop();
        ASSERT_TRUE(event);
        EXPECT_FALSE(event->flow == first);
        first = event->flow;
    }
}

TEST_F(SipStreamsTest, HandOutGarbageOnceAndCloseAfterItsAnswer) {
    start();
    BlockingClient peer(at);
    peer.send("OPTIONS sip:pbx SIP/2.0\r\nCall-ID: 1\r\n\r\n" + options(2));  // no Content-Length
    const auto event = sink.garbage.pop();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->status, 400);
    control.run_and_wait([&] { streams->answer_and_close(event->flow, "SIP/2.0 400 Bad Request\r\n\r\n"); });
    EXPECT_EQ(peer.read_to_end(), "SIP/2.0 400 Bad Request\r\n\r\n");
    EXPECT_FALSE(sink.messages.pop(0ms));
}

TEST_F(SipStreamsTest, CloseWhoNeverRegistersButKeepWhoDoes) {
    start({.idle_unregistered = 100ms});
    BlockingClient silent(at), phone(at);
    phone.send(options(1));
    const auto event = sink.messages.pop();
    ASSERT_TRUE(event);
    control.run_and_wait([&] { streams->keep(event->flow); });
    EXPECT_EQ(silent.read_to_end(), "");
    BlockingClient later(at);  // its whole idle time passes
    EXPECT_EQ(later.read_to_end(), "");
    EXPECT_TRUE(send(event->flow, "still here"));
    EXPECT_EQ(phone.read_exactly(10), "still here");
    control.run_and_wait([&] { streams->unkeep(event->flow); });
    EXPECT_EQ(sink.closed.pop().value_or(std::pair{sip::Flow{}, CloseReason::LocalClose}).second,
              CloseReason::IdleTimeout);
}

TEST_F(SipStreamsTest, OpenAFlowThatIsUsableAtOnceAndReused) {
    start();
    const sip::Target target{TransportKind::Tcp, at, {}};
    const sip::Flow flow = open(target);
    EXPECT_TRUE(flow.is_connected());
    EXPECT_TRUE(send(flow, options(1)));
    const auto arrived = sink.messages.pop();
    ASSERT_TRUE(arrived);
    EXPECT_EQ(arrived->message, options(1));
    EXPECT_EQ(open(target), flow);
    // The answer comes back on the flow that was opened.
    EXPECT_TRUE(send(arrived->flow, options(2)));
    EXPECT_EQ(sink.messages.pop().value_or(Event{}).flow, flow);
}

TEST_F(SipStreamsTest, ReportAFlowThatCouldNotBeOpenedAndTryAnew) {
    start();
    Endpoint nobody;
    {
        LoopThread other("other");
        other.run_and_wait([&] {
            nobody =
                (*StreamListener::listen(other.loop(), {.local = *Endpoint::parse("127.0.0.1:0")},
                                         [](StreamConnection&) -> std::unique_ptr<StreamHandler> { return nullptr; }))
                    ->local();
        });
    }
    const sip::Flow flow = open({TransportKind::Tcp, nobody, {}});
    const auto closed = sink.closed.pop();
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->first, flow);
    EXPECT_EQ(closed->second, CloseReason::ConnectFailed);
    EXPECT_FALSE(open({TransportKind::Tcp, nobody, {}}) == flow);
}

TEST_F(SipStreamsTest, OpenTlsFlowsWithTheNameTheTargetDemands) {
    TlsFixture tls;
    start({.client_tls = tls.client}, tls.server);
    const sip::Flow good = open({TransportKind::Tls, at, "pbx.example.com"});
    EXPECT_TRUE(send(good, options(1)));
    EXPECT_EQ(sink.messages.pop().value_or(Event{}).flow.kind, TransportKind::Tls);
    const sip::Flow bad = open({TransportKind::Tls, at, "other.example.com"});
    const auto closed = sink.closed.pop();
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->first, bad);
    EXPECT_EQ(closed->second, CloseReason::HandshakeFailed);
}

TEST_F(SipStreamsTest, RefuseToOpenWhatCannotBeOpened) {
    start();
    EXPECT_FALSE(open({TransportKind::Wss, at, {}}).is_connected());
    EXPECT_FALSE(open({TransportKind::Tls, at, "pbx"}).is_connected());
    sip::Flow unknown;
    unknown.kind = TransportKind::Tcp;
    unknown.connection = 4711;
    EXPECT_FALSE(send(unknown, "x"));
}

TEST_F(SipStreamsTest, PingAConnectionTheyOpenedAndCloseItWithoutAPong) {
    start({.outgoing_ping = 20ms, .outgoing_pong = 20ms});
    // A peer that takes connections and stays silent.
    LoopThread other("other");
    struct Silent final : StreamHandler {
        explicit Silent(WaitQueue<std::string>& queue) : got(queue) {}
        void on_bytes(StreamConnection&, std::string_view bytes) override { got.push(std::string(bytes)); }
        WaitQueue<std::string>& got;
    };
    WaitQueue<std::string> got;
    std::unique_ptr<StreamListener> listener;
    other.run_and_wait([&] {
        listener = *StreamListener::listen(other.loop(), {.local = *Endpoint::parse("127.0.0.1:0")},
                                           [&](StreamConnection&) { return std::make_unique<Silent>(got); });
    });
    const sip::Flow flow = open({TransportKind::Tcp, listener->local(), {}});
    EXPECT_EQ(got.pop(), "\r\n\r\n");
    EXPECT_EQ(sink.closed.pop().value_or(std::pair{sip::Flow{}, CloseReason::LocalClose}),
              (std::pair{flow, CloseReason::IdleTimeout}));
    other.run_and_wait([&] { listener.reset(); });
    other.stop();
}

TEST_F(SipStreamsTest, TakeOnlySoMuchForAPeerThatDoesNotRead) {
    start({.send_queue = 256 * 1024});
    BlockingClient peer(at);
    peer.send(options(1));
    const auto event = sink.messages.pop();
    ASSERT_TRUE(event);
    const std::string message(16 * 1024, 'x');
    std::size_t taken = 0;
    while (send(event->flow, message)) taken += message.size();
    EXPECT_GE(taken, 256U * 1024 - message.size());
    EXPECT_LT(taken, 64U << 20);
}

TEST_F(SipStreamsTest, StopWithoutAFurtherEvent) {
    start();
    BlockingClient peer(at);
    peer.send(options(1));
    const auto event = sink.messages.pop();
    ASSERT_TRUE(event);
    io.run_and_wait([&] { streams->stop(); });
    EXPECT_EQ(peer.read_to_end(), "");
    EXPECT_FALSE(send(event->flow, "x"));
    EXPECT_FALSE(sink.closed.pop(0ms));
}

// --- WebSocket
// --------------------------------------------------------------------------------------------------------------

class SipWebSockets : public ::testing::Test {
protected:
    SipWebSockets()
        : http([this](HttpRequest request, HttpResponder responder) {
              if (const auto admitted = streams->admit(request); !admitted)
                  return std::move(responder).respond(
                      plain_response(facts(admitted.error().code).http_status, admitted.error().detail));
              std::move(responder).accept_websocket("sip", streams->websocket_handler(), streams->websocket_options());
          }) {
        streams = std::make_unique<SipStreams>(
            http.loop(), control.loop(),
            SipStreamOptions{.idle_unregistered = 200ms, .allowed_origins = {"https://console.example.com"}}, sink);
    }
    ~SipWebSockets() override {
        http.thread().run_and_wait([this] { streams->stop(); });
        control.stop();
    }
    static std::string handshake(std::string_view protocol, std::string_view origin) {
        std::string out =
            "GET /ws/sip HTTP/1.1\r\nHost: pbx:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
        if (!protocol.empty()) out += "Sec-WebSocket-Protocol: " + std::string(protocol) + "\r\n";
        if (!origin.empty()) out += "Origin: " + std::string(origin) + "\r\n";
        return out + "\r\n";
    }
    static std::string frame(std::string_view payload, WebSocketOpcode opcode = WebSocketOpcode::Text) {
        return encode_websocket_frame(opcode, payload, WebSocketMask{1, 2, 3, 4});
    }
    bool send(const sip::Flow& flow, std::string_view message) {
        bool taken = false;
        control.run_and_wait([&] { taken = streams->send(flow, message); });
        return taken;
    }
    Sink sink;
    LoopThread control{"control"};
    std::unique_ptr<SipStreams> streams;
    HttpFixture http;
};

struct Admission {
    std::string_view protocol, origin, answer;
};
TEST_F(SipWebSockets, AreForTheSubprotocolSipAndForKnownOrigins) {
    for (const auto& [protocol, origin, answer] : {Admission{"sip", "", "HTTP/1.1 101"},
                                                   {"sip", "http://pbx:8080", "HTTP/1.1 101"},
                                                   {"xmpp, sip", "https://console.example.com", "HTTP/1.1 101"},
                                                   {"", "", "HTTP/1.1 400"},
                                                   {"xmpp", "", "HTTP/1.1 400"},
                                                   {"sip", "https://evil.example.com", "HTTP/1.1 403"},
                                                   {"sip", "http://pbx", "HTTP/1.1 403"},
                                                   {"sip", "http://pbx:8081", "HTTP/1.1 403"},
                                                   {"sip", "null", "HTTP/1.1 403"},
                                                   {"sip", "https://console.example.com.evil.com", "HTTP/1.1 403"}}) {
        BlockingClient client(http.at());
        client.send(handshake(protocol, origin));
        EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with(answer)) << protocol << ' ' << origin;
    }
}

TEST_F(SipWebSockets, CarryOneMessageEachAndAnswerPings) {
    BlockingClient client(http.at());
    client.send(handshake("sip", ""));
    client.read_until("\r\n\r\n");
    client.send(frame("\r\n\r\n") + frame(options(1)) + frame(options(2), WebSocketOpcode::Binary));
    EXPECT_EQ(client.read_exactly(4), encode_websocket_frame(WebSocketOpcode::Text, "\r\n"));
    const auto first = sink.messages.pop(), second = sink.messages.pop();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->message, options(1));
    EXPECT_EQ(second->message, options(2));
    EXPECT_EQ(first->flow, second->flow);
    EXPECT_EQ(first->flow.kind, TransportKind::Ws);
    EXPECT_TRUE(send(first->flow, "SIP/2.0 200 OK\r\n\r\n"));
    EXPECT_EQ(client.read_exactly(20), encode_websocket_frame(WebSocketOpcode::Text, "SIP/2.0 200 OK\r\n\r\n"));
    client.reset();
    EXPECT_EQ(sink.closed.pop().value_or(std::pair{sip::Flow{}, CloseReason::LocalClose}).first, first->flow);
    EXPECT_FALSE(send(first->flow, "x"));
}

TEST_F(SipWebSockets, CloseWhoDoesNotRegister) {
    BlockingClient client(http.at());
    client.send(handshake("sip", ""));
    client.read_until("\r\n\r\n");
    EXPECT_EQ(client.read_exactly(4), encode_websocket_close(1000, {}));
}

}  // namespace
}  // namespace dp::net
