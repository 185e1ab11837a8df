#include "sip/stream_framer.hpp"

#include <gtest/gtest.h>

namespace dp::sip {
namespace {

using Kind = FrameEvent::Kind;
using std::chrono::seconds;

std::string message(const std::string& headers = "Content-Length: 0\r\n", const std::string& body = {}) {
    return "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n" + headers + "\r\n" + body;
}

struct Seen {
    std::vector<std::string> messages;
    int pings = 0;
    int pongs = 0;
    std::vector<int> errors;
};

void drain(StreamFramer& framer, Seen& seen) {
    while (auto event = framer.next()) {
        switch (event->kind) {
            case Kind::Message:
                seen.messages.emplace_back(event->bytes.data(), event->bytes.size());
                break;
            case Kind::Ping:
                ++seen.pings;
                break;
            case Kind::Pong:
                ++seen.pongs;
                break;
            case Kind::Error:
                seen.errors.push_back(event->status);
                break;
        }
    }
}

Seen whole(const std::string& bytes) {
    StreamFramer framer;
    Seen seen;
    framer.feed(bytes, TimePoint{});
    drain(framer, seen);
    return seen;
}

Seen by_octets(const std::string& bytes) {
    StreamFramer framer;
    Seen seen;
    for (char c : bytes) {
        framer.feed({&c, 1}, TimePoint{});
        drain(framer, seen);
    }
    return seen;
}

TEST(StreamFramer, sees_every_message_of_a_segment) {
    const std::string a = message("Content-Length: 4\r\n", "body"), b = message(), c = message("l: 2\r\n", "xy");
    const std::string all = a + "\r\n" + b + c;
    for (const Seen& seen : {whole(all), by_octets(all)}) {
        EXPECT_EQ(seen.messages, (std::vector{a, b, c}));
        EXPECT_EQ(seen.pings, 0);
    }
}

TEST(StreamFramer, answers_a_ping_also_when_it_is_split) {
    EXPECT_EQ(whole("\r\n\r\n").pings, 1);
    EXPECT_EQ(by_octets("\r\n\r\n").pings, 1);
    EXPECT_EQ(whole("\r\n\r\n\r\n\r\n" + message()).pings, 2);
    EXPECT_EQ(whole(message() + "\r\n\r\n" + message()).pings, 1);
    EXPECT_EQ(whole("\r\n" + message() + "\r\n").pings, 0);
    EXPECT_EQ(whole("\n\n" + message()).messages.size(), 1U);
}

TEST(StreamFramer, a_lone_line_end_answers_our_ping) {
    StreamFramer framer;
    Seen seen;
    const auto feed = [&](std::string_view bytes) {
        framer.feed(bytes, TimePoint{});
        drain(framer, seen);
    };
    feed("\r\n");
    EXPECT_EQ(seen.pongs, 0);
    feed(message());
    framer.ping_sent();
    feed("\r");
    feed("\n");
    EXPECT_EQ(seen.pongs, 1);
    framer.ping_sent();
    feed("\r\n");
    EXPECT_EQ(seen.pongs, 2);
    EXPECT_EQ(seen.pings, 0);
}

TEST(StreamFramer, a_ping_that_crosses_our_ping_is_still_answered) {
    StreamFramer framer;
    Seen seen;
    framer.ping_sent();
    framer.feed("\r\n\r\n", TimePoint{});
    drain(framer, seen);
    EXPECT_EQ(seen.pings, 1);
    framer.feed("\r\n", TimePoint{});
    drain(framer, seen);
    EXPECT_EQ(seen.pongs, 1);
}

TEST(StreamFramer, gives_up_where_two_readers_could_disagree) {
    const std::string second = message();
    for (const char* headers :
         {"", "Content-Length: -1\r\n", "Content-Length: +1\r\n", "Content-Length: 4294967328\r\n",
          "Content-Length: 0x10\r\n", "Content-Length: 0\r\nl: 0\r\n", "l : 1\r\nContent-Length:2\r\n",
          "Content-Length: 1 1\r\n", "Content-Length:\r\n", "Content-Length: 1\r\n 2\r\n"}) {
        const Seen seen = whole(message(headers) + second);
        EXPECT_EQ(seen.errors, std::vector{400}) << headers;
        EXPECT_TRUE(seen.messages.empty()) << headers;
    }
}

TEST(StreamFramer, hands_out_the_headers_of_what_it_refuses) {
    StreamFramer framer;
    const std::string bytes = message("X: 1\r\n");
    framer.feed(bytes + "rest", TimePoint{});
    const auto event = framer.next();
    ASSERT_TRUE(event);
    EXPECT_EQ(std::string(event->bytes.begin(), event->bytes.end()), bytes);
    EXPECT_TRUE(framer.failed());
    framer.feed(message(), TimePoint{});
    EXPECT_FALSE(framer.next());
}

TEST(StreamFramer, reads_a_folded_length_as_the_parser_does) {
    EXPECT_EQ(whole(message("Content-Length:\r\n 4\r\n", "body")).messages.size(), 1U);
    EXPECT_EQ(whole(message("X: 1\r\n Content-Length: 9\r\nl: 0\r\n")).messages.size(), 1U);
}

TEST(StreamFramer, takes_bare_line_feeds) {
    std::string text = message("Content-Length: 4\r\n", "body");
    std::erase(text, '\r');
    EXPECT_EQ(by_octets(text).messages, std::vector{text});
}

TEST(StreamFramer, limits_the_header_section) {
    const auto sized = [](std::size_t n) {
        std::string text = message("X: \r\nContent-Length: 0\r\n");
        return text.insert(text.find("X: ") + 3, n - text.size(), 'x');
    };
    EXPECT_EQ(whole(sized(32 * 1024)).messages.size(), 1U);
    EXPECT_EQ(whole(sized(32 * 1024 + 1)).errors, std::vector{513});
    EXPECT_EQ(whole(std::string(32 * 1024 + 1, 'x')).errors, std::vector{513});
}

TEST(StreamFramer, limits_the_message) {
    const auto sized = [](std::size_t n) {
        const std::size_t headers = message("Content-Length: 10000\r\n").size();
        return message("Content-Length: " + std::to_string(n - headers) + "\r\n", std::string(n - headers, 'b'));
    };
    ASSERT_EQ(sized(65'536).size(), 65'536U);
    EXPECT_EQ(whole(sized(65'536)).messages.size(), 1U);
    EXPECT_EQ(whole(sized(65'537)).errors, std::vector{513});
}

TEST(StreamFramer, a_partial_message_has_a_deadline) {
    StreamFramer framer;
    Seen seen;
    const TimePoint start{seconds(100)};
    const std::string text = message();
    EXPECT_EQ(framer.deadline(), kNever);
    framer.feed(text.substr(0, 10), start);
    drain(framer, seen);
    EXPECT_EQ(framer.deadline(), start + seconds(20));
    framer.feed(text.substr(10, 10), start + seconds(15));
    drain(framer, seen);
    EXPECT_EQ(framer.deadline(), start + seconds(20));
    framer.feed(text.substr(20), start + seconds(16));
    drain(framer, seen);
    EXPECT_EQ(framer.deadline(), kNever);
    EXPECT_EQ(seen.messages.size(), 1U);
}

TEST(StreamFramer, keeps_nothing_of_what_it_handed_out) {
    StreamFramer framer;
    Seen seen;
    for (int i = 0; i < 100; ++i) {
        framer.feed(message("Content-Length: 4\r\n", "body"), TimePoint{});
        drain(framer, seen);
        EXPECT_EQ(framer.buffered(), 0U);
    }
    EXPECT_EQ(seen.messages.size(), 100U);
}

TEST(WebSocketFrame, one_message_or_one_keep_alive) {
    std::string ping = "\r\n\r\n", pong = "\r\n", text = message(), large(65'537, 'x');
    EXPECT_EQ(frame_websocket(ping).kind, Kind::Ping);
    EXPECT_EQ(frame_websocket(pong).kind, Kind::Pong);
    EXPECT_EQ(frame_websocket(text).kind, Kind::Message);
    EXPECT_EQ(frame_websocket(large).kind, Kind::Error);
}

}  // namespace
}  // namespace dp::sip
