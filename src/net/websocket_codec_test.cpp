#include "net/websocket_codec.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dp::net {
namespace {

constexpr WebSocketMask kMask{0x37, 0xfa, 0x21, 0x3d};

std::string octets(std::initializer_list<int> values) {
    std::string out;
    for (const int v : values) out += static_cast<char>(v);
    return out;
}

/// A masked frame with every bit chosen: first octet, then payload.
std::string frame(int first, std::string_view payload) {
    std::string out = encode_websocket_frame(WebSocketOpcode::Text, payload, kMask);
    out[0] = static_cast<char>(first);
    return out;
}

struct Outcome {
    std::vector<std::pair<WebSocketOpcode, std::string>> frames;
    std::optional<std::uint16_t> violation;
    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view input, std::size_t step, std::size_t limit = 65536,
               WebSocketRole role = WebSocketRole::Server) {
    WebSocketDecoder decoder(role, limit);
    Outcome out;
    for (std::size_t at = 0; at < input.size() && !out.violation; at += step)
        out.violation = decoder.feed(input.substr(at, step), [&](WebSocketOpcode opcode, std::string_view payload) {
            out.frames.emplace_back(opcode, payload);
            return true;
        });
    return out;
}

constexpr auto kText = WebSocketOpcode::Text;
constexpr auto kBinary = WebSocketOpcode::Binary;
constexpr auto kPing = WebSocketOpcode::Ping;
constexpr auto kPong = WebSocketOpcode::Pong;
constexpr auto kClose = WebSocketOpcode::Close;

struct Case {
    const char* name;
    std::string input;
    Outcome expected;
};
void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

const std::string kKosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

/// In the order of the Autobahn test suite's chapters.
const Case kCases[] = {
    // 1 framing
    {"empty text", frame(0x81, ""), {{{kText, ""}}, {}}},
    {"text of 125", frame(0x81, std::string(125, '*')), {{{kText, std::string(125, '*')}}, {}}},
    {"text of 126", frame(0x81, std::string(126, '*')), {{{kText, std::string(126, '*')}}, {}}},
    {"text of 65535", frame(0x81, std::string(65535, '*')), {{{kText, std::string(65535, '*')}}, {}}},
    {"text of 65536", frame(0x81, std::string(65536, '*')), {{{kText, std::string(65536, '*')}}, {}}},
    {"text over the limit", frame(0x81, std::string(65537, '*')), {{}, 1009}},
    {"binary", frame(0x82, octets({0, 255, 1})), {{{kBinary, octets({0, 255, 1})}}, {}}},
    {"announced 2^63", octets({0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}), {{}, 1002}},
    {"announced 2^62", octets({0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}), {{}, 1009}},
    {"length not in its shortest form, 16 bits", octets({0x82, 0xfe, 0, 125, 1, 2, 3, 4}), {{}, 1002}},
    {"length not in its shortest form, 64 bits",
     octets({0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}),
     {{}, 1002}},
    // 2 pings and pongs
    {"ping", frame(0x89, "hello"), {{{kPing, "hello"}}, {}}},
    {"ping of 125", frame(0x89, std::string(125, 'p')), {{{kPing, std::string(125, 'p')}}, {}}},
    {"ping of 126", frame(0x89, std::string(126, 'p')), {{}, 1002}},
    {"unsolicited pong", frame(0x8a, "x"), {{{kPong, "x"}}, {}}},
    // 3 reserved bits
    {"reserved bit 1", frame(0xc1, "x"), {{}, 1002}},
    {"reserved bit 2", frame(0xa1, "x"), {{}, 1002}},
    {"reserved bit 3 on a ping", frame(0x99, ""), {{}, 1002}},
    {"good, then reserved bits", frame(0x81, "a") + frame(0xf1, "b"), {{{kText, "a"}}, 1002}},
    // 4 opcodes
    {"reserved data opcode 3", frame(0x83, ""), {{}, 1002}},
    {"reserved data opcode 7", frame(0x87, "x"), {{}, 1002}},
    {"reserved control opcode 11", frame(0x8b, ""), {{}, 1002}},
    {"reserved control opcode 15", frame(0x8f, "x"), {{}, 1002}},
    // 5 fragments
    {"two fragments", frame(0x01, "ab") + frame(0x80, "cd"), {{{kText, "abcd"}}, {}}},
    {"a ping between fragments",
     frame(0x01, "ab") + frame(0x89, "p") + frame(0x80, "cd"),
     {{{kPing, "p"}, {kText, "abcd"}}, {}}},
    {"empty fragments", frame(0x01, "") + frame(0x00, "") + frame(0x80, ""), {{{kText, ""}}, {}}},
    {"a fragmented ping", frame(0x09, "p"), {{}, 1002}},
    {"a continuation of nothing", frame(0x80, "x"), {{}, 1002}},
    {"an open continuation of nothing", frame(0x00, "x"), {{}, 1002}},
    {"a new message inside one", frame(0x01, "ab") + frame(0x81, "cd"), {{}, 1002}},
    {"fragments over the limit together",
     frame(0x01, std::string(40000, '*')) + frame(0x80, std::string(40000, '*')),
     {{}, 1009}},
    // 6 UTF-8
    {"Greek", frame(0x81, kKosme), {{{kText, kKosme}}, {}}},
    {"Greek cut inside a character",
     frame(0x01, kKosme.substr(0, 3)) + frame(0x80, kKosme.substr(3)),
     {{{kText, kKosme}}, {}}},
    {"a character cut off at the end", frame(0x81, kKosme.substr(0, 1)), {{}, 1007}},
    {"a surrogate", frame(0x81, "\xed\xa0\x80"), {{}, 1007}},
    {"overlong slash", frame(0x81, "\xc0\xaf"), {{}, 1007}},
    {"overlong, three octets", frame(0x81, "\xe0\x80\xaf"), {{}, 1007}},
    {"overlong, four octets", frame(0x81, "\xf0\x80\x80\xaf"), {{}, 1007}},
    {"the last character there is", frame(0x81, "\xf4\x8f\xbf\xbf"), {{{kText, "\xf4\x8f\xbf\xbf"}}, {}}},
    {"one beyond it", frame(0x81, "\xf4\x90\x80\x80"), {{}, 1007}},
    {"octets that never occur", frame(0x81, "\xfe\xff"), {{}, 1007}},
    {"a lone continuation", frame(0x81, "\x80"), {{}, 1007}},
    {"invalid text fails before its message ends", frame(0x01, "\xce\xba\xff"), {{}, 1007}},
    {"binary need not be text", frame(0x82, "\xff\xfe"), {{{kBinary, "\xff\xfe"}}, {}}},
    // 7 close
    {"close without a code", frame(0x88, ""), {{{kClose, ""}}, {}}},
    {"close with a code", frame(0x88, octets({3, 232})), {{{kClose, octets({3, 232})}}, {}}},
    {"a fragmented close", frame(0x08, ""), {{}, 1002}},
    // masking
    {"an unmasked frame to a server", octets({0x81, 1, 'x'}), {{}, 1002}},
};

class WebSocketCases : public ::testing::TestWithParam<Case> {};

TEST_P(WebSocketCases, HoldHoweverTheOctetsAreCut) {
    const Case& c = GetParam();
    for (const std::size_t step : {c.input.size(), std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        if (step < 100 && c.input.size() > 10'000) continue;
        EXPECT_EQ(decode(c.input, step), c.expected) << "in steps of " << step;
    }
}

INSTANTIATE_TEST_SUITE_P(Autobahn, WebSocketCases, ::testing::ValuesIn(kCases));

TEST(WebSocketCodec, MatchesTheExamplesOfTheRfc) {
    // RFC 6455 5.7.
    EXPECT_EQ(encode_websocket_frame(kText, "Hello"), octets({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
    EXPECT_EQ(encode_websocket_frame(kText, "Hello", kMask),
              octets({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
    EXPECT_EQ(encode_websocket_frame(kBinary, std::string(256, 'x')).substr(0, 4), octets({0x82, 0x7e, 0x01, 0x00}));
    EXPECT_EQ(encode_websocket_frame(kBinary, std::string(65536, 'x')).substr(0, 10),
              octets({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(WebSocketCodec, AClientRefusesMaskedFrames) {
    EXPECT_EQ(decode(frame(0x81, "x"), 100, 1000, WebSocketRole::Client).violation, 1002);
    EXPECT_EQ(decode(encode_websocket_frame(kText, "x"), 100, 1000, WebSocketRole::Client),
              (Outcome{{{kText, "x"}}, {}}));
}

TEST(WebSocketCodec, MasksTheSameFromAnyPosition) {
    std::string whole;
    for (int i = 0; i < 100; ++i) whole += static_cast<char>(i * 7);
    std::string parts = whole;
    apply_websocket_mask(whole.data(), whole.size(), kMask, 0);
    for (std::size_t at = 0; at < parts.size();) {
        const std::size_t size = std::min<std::size_t>(at % 13 + 1, parts.size() - at);
        apply_websocket_mask(parts.data() + at, size, kMask, at);
        at += size;
    }
    EXPECT_EQ(whole, parts);
}

TEST(WebSocketCodec, StopsWhenItsUserDoes) {
    WebSocketDecoder decoder(WebSocketRole::Server, 1000);
    int seen = 0;
    decoder.feed(frame(0x88, "") + frame(0x81, "late"), [&](WebSocketOpcode, std::string_view) {
        ++seen;
        return false;
    });
    decoder.feed(frame(0x81, "later"), [&](WebSocketOpcode, std::string_view) { return ++seen, true; });
    EXPECT_EQ(seen, 1);
}

struct CodeCase {
    int code;
    bool allowed;
};
TEST(WebSocketClose, TakesOnlyCodesThatMayBeSent) {
    for (const auto& [code, allowed] : {CodeCase{0, false},
                                        {999, false},
                                        {1000, true},
                                        {1003, true},
                                        {1004, false},
                                        {1005, false},
                                        {1006, false},
                                        {1007, true},
                                        {1011, true},
                                        {1014, true},
                                        {1015, false},
                                        {1016, false},
                                        {2999, false},
                                        {3000, true},
                                        {4999, true},
                                        {5000, false}})
        EXPECT_EQ(parse_websocket_close(octets({code >> 8, code & 255})).has_value(), allowed) << code;
    EXPECT_EQ(parse_websocket_close("")->code, 1005);
    EXPECT_FALSE(parse_websocket_close("\x03"));
    EXPECT_EQ(parse_websocket_close(octets({3, 232}) + "bye")->reason, "bye");
    EXPECT_FALSE(parse_websocket_close(octets({3, 232}) + "\xff"));
}

TEST(WebSocketClose, CutsTheReasonBetweenCharacters) {
    const std::string frame_bytes = encode_websocket_close(1000, std::string(122, 'x') + "\xc3\xbc");
    EXPECT_EQ(frame_bytes.size(), 2U + 2 + 122);
}

}  // namespace
}  // namespace dp::net
