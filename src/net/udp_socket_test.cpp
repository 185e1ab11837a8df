#include "net/udp_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/event_loop.hpp"
#include "net/testing/wait_queue.hpp"

namespace dp::net {
namespace {

using testing::WaitQueue;

std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct Datagram {
    std::string text;
    Endpoint from, to;
};

/// A bound socket whose datagrams are collected.
struct Peer {
    explicit Peer(LoopThread& owner, std::string_view address, UdpOptions options = {}) : thread(owner) {
        options.local = *Endpoint::parse(address);
        thread.run_and_wait([&] {
            auto bound = UdpSocket::bind(
                thread.loop(), options,
                [this](auto bytes, const Endpoint& from, const Endpoint& to) {
                    got.push({std::string(bytes.begin(), bytes.end()), from, to});
                },
                [this](const Endpoint& to, int error, auto quoted) {
                    errors.push(
                        {std::string(quoted.begin(), quoted.end()), to, {{}, static_cast<std::uint16_t>(error)}});
                });
            ASSERT_TRUE(bound) << bound.error().detail;
            socket = std::move(*bound);
        });
    }
    ~Peer() {
        thread.run_and_wait([this] { socket.reset(); });
    }
    LoopThread& thread;
    WaitQueue<Datagram> got, errors;
    std::unique_ptr<UdpSocket> socket;
};

class UdpSocketFamilies : public ::testing::TestWithParam<std::string_view> {};

TEST_P(UdpSocketFamilies, CarriesDatagramsBothWays) {
    LoopThread thread("udp");
    Peer a(thread, GetParam()), b(thread, GetParam());
    thread.run_and_wait([&] { EXPECT_TRUE(a.socket->send(octets("hello"), b.socket->local())); });
    const auto got = b.got.pop();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->text, "hello");
    EXPECT_EQ(got->from, a.socket->local());
    EXPECT_EQ(got->to, b.socket->local());
}

INSTANTIATE_TEST_SUITE_P(Families, UdpSocketFamilies, ::testing::Values("127.0.0.1:0", "[::1]:0"));

TEST(UdpSocket, SendsAWholeTurnsDatagramsInOrder) {
    LoopThread thread("udp");
    Peer a(thread, "127.0.0.1:0"), b(thread, "127.0.0.1:0");
    thread.run_and_wait([&] {
        for (int i = 0; i < 300; ++i) EXPECT_TRUE(a.socket->send(octets(std::to_string(i)), b.socket->local()));
    });
    for (int i = 0; i < 300; ++i) EXPECT_EQ(b.got.pop().value_or(Datagram{}).text, std::to_string(i));
    thread.run_and_wait([&] { EXPECT_EQ(a.socket->counters().sent, 300U); });
}

TEST(UdpSocket, TellsWhichAddressAWildcardSocketWasReachedAt) {
    LoopThread thread("udp");
    Peer wildcard(thread, "0.0.0.0:0"), b(thread, "127.0.0.1:0");
    const Endpoint reached{*IpAddress::parse("127.0.0.7"), wildcard.socket->local().port};
    thread.run_and_wait([&] { b.socket->send(octets("x"), reached); });
    EXPECT_EQ(wildcard.got.pop().value_or(Datagram{}).to, reached);
    // And answers from there.
    thread.run_and_wait([&] { wildcard.socket->send(octets("y"), b.socket->local(), reached.address); });
    EXPECT_EQ(b.got.pop().value_or(Datagram{}).from, reached);
}

TEST(UdpSocket, ReportsWhomAnIcmpErrorConcernsAndGoesOn) {
    LoopThread thread("udp");
    Peer a(thread, "127.0.0.1:0"), alive(thread, "127.0.0.1:0");
    Endpoint dead;
    {
        Peer gone(thread, "127.0.0.1:0");
        dead = gone.socket->local();
    }
    thread.run_and_wait([&] { a.socket->send(octets("anyone?"), dead); });
    const auto error = a.errors.pop();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->from, dead);
    EXPECT_EQ(error->text, "anyone?");
    EXPECT_EQ(error->to.port, ECONNREFUSED);
    thread.run_and_wait([&] { a.socket->send(octets("still here"), alive.socket->local()); });
    EXPECT_EQ(alive.got.pop().value_or(Datagram{}).text, "still here");
}

TEST(UdpSocket, DropsAndCountsWhatIsLongerThanItTakes) {
    LoopThread thread("udp");
    Peer a(thread, "127.0.0.1:0"), b(thread, "127.0.0.1:0", {.max_datagram = 100});
    thread.run_and_wait([&] {
        a.socket->send(octets(std::string(101, 'x')), b.socket->local());
        a.socket->send(octets(std::string(100, 'y')), b.socket->local());
    });
    EXPECT_EQ(b.got.pop().value_or(Datagram{}).text, std::string(100, 'y'));
    thread.run_and_wait([&] { EXPECT_EQ(b.socket->counters().truncated, 1U); });
}

TEST(UdpSocket, RefusesAnAddressOfTheOtherFamily) {
    LoopThread thread("udp");
    Peer a(thread, "127.0.0.1:0");
    thread.run_and_wait([&] { EXPECT_FALSE(a.socket->send(octets("x"), *Endpoint::parse("[::1]:9"))); });
}

TEST(UdpSocket, SaysWhyAPortCannotBeBound) {
    LoopThread thread("udp");
    Peer a(thread, "127.0.0.1:0");
    thread.run_and_wait([&] {
        const auto second = UdpSocket::bind(thread.loop(), {.local = a.socket->local()}, [](auto, auto&, auto&) {});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::Conflict);
    });
}

}  // namespace
}  // namespace dp::net
