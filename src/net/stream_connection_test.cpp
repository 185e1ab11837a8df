#include "net/stream_connection.hpp"

#include <gtest/gtest.h>

#include "net/event_loop.hpp"
#include "net/stream_listener.hpp"
#include "net/testing/blocking_client.hpp"
#include "net/testing/tls_fixture.hpp"
#include "net/testing/wait_queue.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using testing::BlockingClient;
using testing::TlsFixture;
using testing::WaitQueue;

/// What happens to one connection, for the test thread.
struct Story {
    WaitQueue<std::shared_ptr<StreamConnection>> opened;
    WaitQueue<std::string> bytes;
    WaitQueue<int> ended, drained;
    WaitQueue<CloseReason> closed;
};

struct Teller : StreamHandler {
    explicit Teller(Story& told, bool echoes = false) : story(told), echo(echoes) {}
    void on_open(StreamConnection& c) override { story.opened.push(c.shared_from_this()); }
    void on_bytes(StreamConnection& c, std::string_view bytes) override {
        story.bytes.push(std::string(bytes));
        if (echo) c.write(std::string(bytes));
    }
    void on_drained(StreamConnection&) override { story.drained.push(1); }
    void on_closed(StreamConnection&, CloseReason reason) override { story.closed.push(reason); }
    Story& story;
    const bool echo;
};

class Streams : public ::testing::Test {
protected:
    ~Streams() override {
        thread.run_and_wait([this] { listener.reset(); });
        thread.stop();
    }
    void listen(ListenOptions options = {}, bool echo = true) {
        options.local = *Endpoint::parse("127.0.0.1:0");
        thread.run_and_wait([&] {
            auto made = StreamListener::listen(thread.loop(), options, [this, echo](StreamConnection&) {
                return std::make_unique<Teller>(server, echo);
            });
            ASSERT_TRUE(made) << made.error().detail;
            listener = std::move(*made);
        });
    }
    void connect(ConnectOptions options) {
        if (options.to == Endpoint{}) options.to = listener->local();
        thread.run_and_wait([&] { connect_stream(thread.loop(), options, std::make_unique<Teller>(client)); });
    }
    std::string collect(Story& story, std::size_t octets) {
        std::string all;
        while (all.size() < octets) {
            auto part = story.bytes.pop();
            if (!part) break;
            all += *part;
        }
        return all;
    }
    void on_loop(Task task) { thread.run_and_wait(std::move(task)); }

    LoopThread thread{"streams"};
    Story server, client;
    std::unique_ptr<StreamListener> listener;
};

TEST_F(Streams, CarryOctetsBothWaysOverTcp) {
    listen();
    connect({});
    auto connection = client.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] { (*connection)->write("hello"); });
    EXPECT_EQ(collect(client, 5), "hello");
    on_loop([&] { (*connection)->close_after_flush(); });
    EXPECT_EQ(server.closed.pop(), CloseReason::PeerClosed);
    EXPECT_EQ(client.closed.pop(), CloseReason::LocalClose);
}

TEST_F(Streams, SendInOrderWhatManyTasksOfOneTurnWrite) {
    listen();
    connect({});
    auto connection = client.opened.pop();
    ASSERT_TRUE(connection);
    std::string expected;
    on_loop([&] {
        for (int i = 0; i < 1000; ++i) {
            const std::string line = "line " + std::to_string(i) + "\n";
            expected += line;
            thread.loop().complete([connection = *connection, line] { connection->write(line); });
        }
    });
    EXPECT_EQ(collect(client, expected.size()), expected);
}

TEST_F(Streams, SendWhatWasWrittenBeforeAnAbortOfTheSameTurn) {
    listen();
    connect({});
    auto connection = client.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] {
        (*connection)->write("last words");
        (*connection)->abort(CloseReason::ProtocolError);
    });
    EXPECT_EQ(server.bytes.pop(), "last words");
    EXPECT_EQ(client.closed.pop(), CloseReason::ProtocolError);
}

TEST_F(Streams, CarryOctetsBothWaysOverTls) {
    TlsFixture tls;
    listen({.tls = tls.server});
    for (const auto* name : {"pbx.example.com", "localhost", "127.0.0.1"}) {
        connect({.tls = tls.client, .server_name = name});
        auto connection = client.opened.pop();
        ASSERT_TRUE(connection) << name;
        EXPECT_TRUE((*connection)->is_tls());
        const std::string large(1 << 20, 'z');
        on_loop([&] { (*connection)->write(large); });
        EXPECT_EQ(collect(client, large.size()), large);
        on_loop([&] { (*connection)->close_after_flush(); });
        EXPECT_EQ(server.closed.pop(), CloseReason::PeerClosed);
        EXPECT_EQ(client.closed.pop(), CloseReason::LocalClose);
    }
}

TEST_F(Streams, RefuseACertificateForAnotherName) {
    TlsFixture tls;
    listen({.tls = tls.server});
    connect({.tls = tls.client, .server_name = "other.example.com"});
    EXPECT_EQ(client.closed.pop(), CloseReason::HandshakeFailed);
    EXPECT_FALSE(client.opened.pop(0ms));
}

TEST_F(Streams, RefuseACertificateOfAnUnknownAuthorityUnlessToldNotToLook) {
    TlsFixture tls, other;
    listen({.tls = tls.server});
    connect({.tls = other.client, .server_name = "pbx.example.com"});
    EXPECT_EQ(client.closed.pop(), CloseReason::HandshakeFailed);
    connect({.tls = *TlsContext::client({.verification = PeerVerification::None})});
    EXPECT_TRUE(client.opened.pop());
}

TEST_F(Streams, UseARotatedCertificateForNewConnectionsAndKeepTheOld) {
    TlsFixture first, second;
    listen({.tls = first.server});
    connect({.tls = first.client, .server_name = "localhost"});
    auto old = client.opened.pop();
    ASSERT_TRUE(old);
    on_loop([&] { listener->set_tls(second.server); });
    connect({.tls = second.client, .server_name = "localhost"});
    EXPECT_TRUE(client.opened.pop());
    on_loop([&] { (*old)->write("still here"); });
    EXPECT_EQ(collect(client, 10), "still here");
}

TEST_F(Streams, GiveUpAPeerThatDoesNotFinishItsHandshake) {
    TlsFixture tls;
    listen({.tls = tls.server, .limits = {.handshake_timeout = 50ms}});
    BlockingClient silent(listener->local()), half(listener->local());
    half.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
    EXPECT_EQ(server.closed.pop(), CloseReason::HandshakeTimeout);
    EXPECT_EQ(server.closed.pop(), CloseReason::HandshakeTimeout);
}

TEST_F(Streams, GiveUpAPeerThatDoesNotSpeakTls) {
    TlsFixture tls;
    listen({.tls = tls.server});
    BlockingClient plain(listener->local());
    plain.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(server.closed.pop(), CloseReason::HandshakeFailed);
}

TEST_F(Streams, SayThatNobodyListens) {
    listen();
    const Endpoint nobody = listener->local();
    on_loop([&] { listener.reset(); });
    connect({.to = nobody});
    EXPECT_EQ(client.closed.pop(), CloseReason::ConnectFailed);
}

TEST_F(Streams, KeepWritesMadeBeforeTheConnectionStands) {
    listen();
    on_loop([&] {
        auto connection = connect_stream(thread.loop(), {.to = listener->local()}, std::make_unique<Teller>(client));
        EXPECT_TRUE(connection->write("first "));
        EXPECT_TRUE(connection->write("second"));
    });
    EXPECT_EQ(collect(server, 12), "first second");
}

TEST_F(Streams, CloseWhoIsIdleTooLong) {
    listen();
    BlockingClient peer(listener->local());
    auto connection = server.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] { (*connection)->set_idle_timeout(50ms); });
    EXPECT_EQ(server.closed.pop(), CloseReason::IdleTimeout);
}

TEST_F(Streams, TellAResetFromAnOrderlyEnd) {
    listen();
    BlockingClient one(listener->local());
    ASSERT_TRUE(server.opened.pop());
    one.reset();
    EXPECT_EQ(server.closed.pop(), CloseReason::PeerReset);
    BlockingClient two(listener->local());
    two.close();
    EXPECT_EQ(server.closed.pop(), CloseReason::PeerClosed);
}

TEST_F(Streams, NoticeAResetWhileReadingIsPaused) {
    listen();
    BlockingClient peer(listener->local());
    auto connection = server.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] { (*connection)->pause_reading(); });
    peer.send("unread");
    peer.reset();
    EXPECT_EQ(server.closed.pop(), CloseReason::PeerReset);
}

TEST_F(Streams, ReadOnWhereTheyPaused) {
    listen({}, false);
    BlockingClient peer(listener->local());
    auto connection = server.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] { (*connection)->pause_reading(); });
    peer.send("a");
    // One wait for readability may have been under way when reading paused; nothing beyond that is delivered.
    on_loop([&] { (*connection)->resume_reading(); });
    EXPECT_EQ(collect(server, 1), "a");
}

TEST_F(Streams, CloseAReaderThatLetsTheQueueFill) {
    listen({.limits = {.write_queue = 1 << 20}}, false);
    BlockingClient peer(listener->local());
    auto connection = server.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] {
        while ((*connection)->write(std::string(256 * 1024, 'x'))) {
        }
    });
    EXPECT_EQ(server.closed.pop(), CloseReason::SlowReader);
}

TEST_F(Streams, CloseAReaderThatDoesNotMove) {
    listen({.limits = {.write_check = 50ms, .write_queue = 64 << 20}}, false);
    BlockingClient peer(listener->local());
    auto connection = server.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] { (*connection)->write(std::string(32 << 20, 'x')); });
    EXPECT_EQ(server.closed.pop(), CloseReason::SlowReader);
}

TEST_F(Streams, SayWhenTheQueueHasDrained) {
    listen({.limits = {.write_queue = 64 << 20}}, false);
    BlockingClient peer(listener->local());
    auto connection = server.opened.pop();
    ASSERT_TRUE(connection);
    on_loop([&] { (*connection)->write(std::string(16 << 20, 'x')); });
    EXPECT_EQ(peer.read_exactly(16 << 20).size(), 16U << 20);
    EXPECT_TRUE(server.drained.pop());
    on_loop([&] { EXPECT_EQ((*connection)->queued(), 0U); });
}

TEST_F(Streams, AreAbortedWhenTheirListenerGoes) {
    listen();
    BlockingClient peer(listener->local());
    ASSERT_TRUE(server.opened.pop());
    on_loop([&] { listener.reset(); });
    EXPECT_EQ(server.closed.pop(), CloseReason::Shutdown);
    EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(Streams, AreLimitedInAll) {
    listen({.max_connections = 1});
    BlockingClient one(listener->local());
    ASSERT_TRUE(server.opened.pop());
    BlockingClient two(listener->local());
    EXPECT_EQ(two.read_to_end(), "");
    on_loop([&] { EXPECT_EQ(listener->counters().refused_total, 1U); });
    one.close();
    ASSERT_TRUE(server.closed.pop());
    BlockingClient three(listener->local());
    EXPECT_TRUE(server.opened.pop());
}

struct Replacer : StreamHandler {
    explicit Replacer(Story& told) : story(told) {}
    void on_bytes(StreamConnection& c, std::string_view) override {
        c.replace_handler(std::make_unique<Teller>(story, true));
        c.write("switched");
    }
    Story& story;
};

TEST_F(Streams, HandTheirConnectionToAnotherProtocol) {
    on_loop([&] {
        listener = *StreamListener::listen(thread.loop(), {.local = *Endpoint::parse("127.0.0.1:0")},
                                           [this](StreamConnection&) { return std::make_unique<Replacer>(server); });
    });
    BlockingClient peer(listener->local());
    peer.send("switch");
    EXPECT_EQ(peer.read_exactly(8), "switched");
    peer.send("!");
    EXPECT_EQ(peer.read_exactly(1), "!");
}

}  // namespace
}  // namespace dp::net
