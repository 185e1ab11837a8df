#include "net/http_parser.hpp"

#include <gtest/gtest.h>

namespace dp::net {
namespace {

using State = HttpRequestParser::State;

struct Probe {
    const char* name;
    std::string request;
    int status;  ///< of the refusal; 0 = accepted
};
void PrintTo(const Probe& probe, std::ostream* out) {
    *out << probe.name;
}

const std::string kHost = "Host: pbx\r\n";
std::string post(const std::string& fields, const std::string& body) {
    return "POST /a HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}
std::string get(const std::string& fields) {
    return "GET /a HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

/// What a hostile or broken client may send: each must be refused in a way no second reader could disagree with.
const Probe kProbes[] = {
    {"plain GET", get(""), 0},
    {"plain POST", post("Content-Length: 2\r\n", "hi"), 0},
    {"chunked POST", post("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"), 0},
    {"chunked in capitals", post("Transfer-Encoding: CHUNKED\r\n", "2\r\nhi\r\n0\r\n\r\n"), 0},
    {"chunk extension and trailer", post("Transfer-Encoding: chunked\r\n", "2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\n"), 0},
    {"empty lines in front", "\r\n\r\n" + get(""), 0},
    {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
    {"absolute target", "GET http://pbx:8080/a?b=c HTTP/1.1\r\n" + kHost + "\r\n", 0},
    {"asterisk target", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 0},

    {"differing Content-Length", post("Content-Length: 2\r\nContent-Length: 3\r\n", "hi!"), 400},
    {"repeated Content-Length", post("Content-Length: 2\r\nContent-Length: 2\r\n", "hi"), 400},
    {"list of Content-Length", post("Content-Length: 2, 2\r\n", "hi"), 400},
    {"signed Content-Length", post("Content-Length: +2\r\n", "hi"), 400},
    {"negative Content-Length", post("Content-Length: -2\r\n", "hi"), 400},
    {"hexadecimal Content-Length", post("Content-Length: 0x2\r\n", "hi"), 400},
    {"Content-Length beyond 64 bits", post("Content-Length: 18446744073709551618\r\n", "hi"), 400},
    {"empty Content-Length", post("Content-Length:\r\n", "hi"), 400},
    {"Content-Length and chunked", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"chunked and Content-Length", post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "0\r\n\r\n"), 400},
    {"other coding and Content-Length", post("Transfer-Encoding: gzip\r\nContent-Length: 2\r\n", "hi"), 400},
    {"unknown coding", post("Transfer-Encoding: xchunked\r\n", "hi"), 501},
    {"chunked then identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 501},
    {"gzip then chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
    {"two Transfer-Encoding fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     400},
    {"coding behind vertical tab",
     post("Transfer-Encoding: \x0b"
          "chunked\r\n",
          "0\r\n\r\n"),
     400},
    {"blank before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
    {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunk size overflow", post("Transfer-Encoding: chunked\r\n", "10000000000000002\r\nhi\r\n0\r\n\r\n"), 400},
    {"chunk size not a number", post("Transfer-Encoding: chunked\r\n", "zz\r\nhi\r\n0\r\n\r\n"), 400},
    {"chunk without its CRLF", post("Transfer-Encoding: chunked\r\n", "2\r\nhi0\r\n\r\n0\r\n\r\n"), 400},

    {"blank before a chunk extension", post("Transfer-Encoding: chunked\r\n", "2 ;a\r\nhi\r\n0\r\n\r\n"), 400},
    {"chunk size behind a blank", post("Transfer-Encoding: chunked\r\n", " 2\r\nhi\r\n0\r\n\r\n"), 400},
    {"chunk size with 0x", post("Transfer-Encoding: chunked\r\n", "0x2\r\nhi\r\n0\r\n\r\n"), 400},
    {"chunk line ended by LF", post("Transfer-Encoding: chunked\r\n", "2\nhi\r\n0\r\n\r\n"), 400},
    {"bare CR in a chunk extension", post("Transfer-Encoding: chunked\r\n", "2;a\rb\r\nhi\r\n0\r\n\r\n"), 400},
    {"trailer that is no field", post("Transfer-Encoding: chunked\r\n", "0\r\nhi\r\n0\r\nX: y\r\n\r\n"), 400},
    {"folded trailer", post("Transfer-Encoding: chunked\r\n", "0\r\nX: y\r\n z\r\n\r\n"), 400},
    {"endless chunk extension", post("Transfer-Encoding: chunked\r\n", "2;" + std::string(9000, 'a')), 413},
    {"endless trailer", post("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(9000, 'a')), 413},
    {"chunks over the limit together",
     post("Transfer-Encoding: chunked\r\n", "80000\r\n" + std::string(0x80000, 'x') + "\r\n80001\r\n"), 413},

    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", get("Host: other\r\n"), 400},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"Host with user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"folded line", get("X-A: b\r\n c\r\n"), 400},
    {"folded first line", "GET / HTTP/1.1\r\n Host: pbx\r\n\r\n", 400},
    {"line feeds only", "GET / HTTP/1.1\nHost: pbx\n\n", 400},
    {"one line feed only", "GET / HTTP/1.1\r\nHost: pbx\nX: y\r\n\r\n", 400},
    {"NUL in a value", get(std::string("X-A: b\0c\r\n", 10)), 400},
    {"bare CR in a value", get("X-A: b\rc\r\n"), 400},
    {"no colon", get("X-A\r\n"), 400},
    {"empty name", get(": b\r\n"), 400},
    {"control octet in the target", "GET /a\x01 HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"two blanks in the first line", "GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"no version", "GET /\r\n" + kHost + "\r\n", 400},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" + kHost + "\r\n", 505},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" + kHost + "\r\n", 505},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"TLS hello on a plain port", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400},
    {"fragment in the target", "GET /a#b HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"relative target", "GET a/b HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"foreign scheme", "GET file:///etc/passwd HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"broken escape in the query", "GET /?a=%zz HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"unknown expectation", post("Expect: a-pony\r\nContent-Length: 2\r\n", "hi"), 417},
    {"long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 414},
    {"endless target", "GET /" + std::string(40'000, 'a'), 414},
    {"long header section", get("X-A: " + std::string(40'000, 'a') + "\r\n"), 431},
    {"endless header section", "GET / HTTP/1.1\r\nX-A: " + std::string(40'000, 'a'), 431},
    {"too many fields",
     [] {
         std::string fields;
         for (int i = 0; i < 200; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
         return get(fields);
     }(),
     431},
    {"body over the limit, announced", post("Content-Length: 2000000\r\n", ""), 413},
    {"body over the limit, chunked", post("Transfer-Encoding: chunked\r\n", "1e8480\r\n" + std::string(1'100'000, 'x')),
     413},
};

class HttpProbes : public ::testing::TestWithParam<Probe> {};

TEST_P(HttpProbes, AreAnsweredAsTheyDeserve) {
    HttpRequestParser parser({});
    parser.parse(GetParam().request);
    EXPECT_EQ(parser.state(), GetParam().status == 0 ? State::Complete : State::Failed);
    EXPECT_EQ(parser.error_status(), GetParam().status) << parser.error_reason();
}

TEST_P(HttpProbes, AreAnsweredTheSameInSingleOctets) {
    HttpRequestParser parser({});
    std::string waiting;
    for (const char c : GetParam().request) {
        waiting += c;
        waiting.erase(0, parser.parse(waiting));
        if (parser.state() == State::Failed || parser.state() == State::Complete) break;
    }
    EXPECT_EQ(parser.error_status(), GetParam().status) << parser.error_reason();
    EXPECT_EQ(parser.state(), GetParam().status == 0 ? State::Complete : State::Failed);
}

INSTANTIATE_TEST_SUITE_P(Table, HttpProbes, ::testing::ValuesIn(kProbes));

HttpRequest parsed(std::string_view text) {
    HttpRequestParser parser({});
    parser.parse(text);
    EXPECT_EQ(parser.state(), State::Complete) << parser.error_reason();
    return parser.take();
}

TEST(HttpRequestParser, SplitsTheTargetAndDecodesTheQuery) {
    const auto request = parsed("GET /api/v2/a%20b?x=1&y=a+b%26c&x=2&flag HTTP/1.1\r\nHost: pbx\r\n\r\n");
    EXPECT_EQ(request.path, "/api/v2/a%20b");
    ASSERT_EQ(request.query.size(), 4U);
    EXPECT_EQ(request.query_value("y"), "a b&c");
    EXPECT_EQ(request.query_value("x"), "1");
    EXPECT_EQ(request.query_value("flag"), "");
    EXPECT_FALSE(request.query_value("z"));
}

TEST(HttpRequestParser, TakesThePathOfAnAbsoluteTarget) {
    EXPECT_EQ(parsed("GET http://pbx:80/a/b?c=d HTTP/1.1\r\nHost: pbx\r\n\r\n").path, "/a/b");
    EXPECT_EQ(parsed("GET http://pbx?c=d HTTP/1.1\r\nHost: pbx\r\n\r\n").path, "/");
    EXPECT_EQ(parsed("GET http://pbx HTTP/1.1\r\nHost: pbx\r\n\r\n").path, "/");
}

TEST(HttpRequestParser, FindsHeadersInAnyCaseAndTrimsThem) {
    const auto request = parsed("GET / HTTP/1.1\r\nHost: pbx\r\nX-Thing:  \t value \t\r\n\r\n");
    EXPECT_EQ(request.header("x-THING"), "value");
    EXPECT_FALSE(request.has_header("X-Other"));
}

TEST(HttpRequestParser, LeavesWhatFollowsForTheNextRequest) {
    HttpRequestParser parser({});
    const std::string two = post("Content-Length: 2\r\n", "hi") + get("");
    const std::size_t first = parser.parse(two);
    EXPECT_EQ(parser.state(), State::Complete);
    EXPECT_EQ(parser.take().body, "hi");
    parser.reset();
    EXPECT_EQ(parser.parse(std::string_view(two).substr(first)), two.size() - first);
    EXPECT_EQ(parser.take().method, "GET");
}

struct KeepAliveCase {
    std::string_view version, connection;
    bool stays;
};
TEST(HttpRequestParser, KnowsWhetherTheConnectionStays) {
    for (const auto& [version, connection, stays] : {KeepAliveCase{"1.1", "", true},
                                                     {"1.1", "close", false},
                                                     {"1.1", "x, Close", false},
                                                     {"1.0", "", false},
                                                     {"1.0", "keep-alive", true}}) {
        HttpRequestParser parser({});
        std::string text = "GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n";
        if (!connection.empty()) text += "Connection: " + std::string(connection) + "\r\n";
        parser.parse(text + "\r\n");
        EXPECT_EQ(parser.keep_alive(), stays) << version << ' ' << connection;
    }
}

TEST(HttpRequestParser, RecognisesACompleteWebSocketHandshakeOnly) {
    const std::string good =
        "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: sip, other\r\n\r\n";
    const auto request = parsed(good);
    EXPECT_TRUE(request.is_websocket_upgrade);
    EXPECT_EQ(request.websocket_protocols(), (std::vector<std::string_view>{"sip", "other"}));
    for (const std::string_view part :
         {"Upgrade: WebSocket\r\n", "Sec-WebSocket-Version: 13\r\n", "keep-alive, Upgrade",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "bXBsZSBub25jZQ=="}) {
        std::string bad = good;
        bad.replace(bad.find(part), part.size(), part.ends_with("\n") ? "" : "x");
        EXPECT_FALSE(parsed(bad).is_websocket_upgrade) << part;
    }
}

TEST(HttpForm, RefusesBrokenEscapesAndNul) {
    EXPECT_FALSE(parse_form("a=%"));
    EXPECT_FALSE(parse_form("a=%4"));
    EXPECT_FALSE(parse_form("a%00=b"));
    EXPECT_EQ(percent_decode("a%2Bb+c"), "a+b+c");
    EXPECT_EQ(percent_decode(percent_encode("a b/ü?&=")), "a b/ü?&=");
}

}  // namespace
}  // namespace dp::net
