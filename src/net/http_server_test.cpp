#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "net/testing/http_fixture.hpp"
#include "net/testing/wait_queue.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;
using testing::BlockingClient;
using testing::HttpFixture;
using testing::WaitQueue;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: pbx\r\n\r\n";
const std::string kGetAndClose = "GET /a HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n";

void echo(HttpRequest request, HttpResponder responder) {
    std::move(responder).respond(plain_response(200, request.method + " " + request.target + " " + request.body));
}
std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: pbx\r\n\r\n";
}
bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
    HttpFixture http(echo);
    BlockingClient client(http.at());
    for (int i = 0; i < 3; ++i) {
        client.send("POST /x HTTP/1.1\r\nHost: pbx\r\nContent-Length: 2\r\n\r\nhi");
        EXPECT_EQ(client.read_response(),
                  "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n\r\nPOST /x hi");
    }
}

TEST(HttpServer, ClosesWhenAskedTo) {
    HttpFixture http(echo);
    EXPECT_TRUE(has(http.exchange(kGetAndClose), "Connection: close\r\n"));
}

TEST(HttpServer, SpeaksHttp10) {
    HttpFixture http(echo);
    EXPECT_TRUE(has(http.exchange("GET /a HTTP/1.0\r\n\r\n"), "Connection: close\r\n"));
    BlockingClient client(http.at());
    client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(has(client.read_response(), "Connection: keep-alive\r\n"));
    client.send(get("/b"));
    EXPECT_TRUE(has(client.read_response(), "GET /b "));
}

TEST(HttpServer, AnswersPipelinedRequestsInOrderWhateverFinishesFirst) {
    WaitQueue<std::pair<std::string, std::shared_ptr<HttpResponder>>> waiting;
    HttpFixture http([&](HttpRequest request, HttpResponder responder) {
        waiting.push({request.path, std::make_shared<HttpResponder>(std::move(responder))});
    });
    BlockingClient client(http.at());
    client.send(get("/1") + get("/2") + get("/3"));
    for (const std::string_view path : {"/1", "/2", "/3"}) {
        auto next = waiting.pop();
        ASSERT_TRUE(next);
        EXPECT_EQ(next->first, path);
        std::move(*next->second).respond(plain_response(200, next->first));  // from this thread, not the loop's
        EXPECT_TRUE(client.read_response().ends_with(path));
    }
}

TEST(HttpServer, AnswersAThousandPipelinedRequestsInOneWrite) {
    HttpFixture http(echo);
    BlockingClient client(http.at());
    std::string all;
    for (int i = 0; i < 1000; ++i) all += get("/" + std::to_string(i));
    std::thread sender([&] { client.send(all); });
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(client.read_response().ends_with("GET /" + std::to_string(i) + " "));
    sender.join();
}

TEST(HttpServer, ADroppedResponderAnswers500) {
    HttpFixture http([](HttpRequest, HttpResponder) {});
    EXPECT_TRUE(http.exchange(kGetAndClose).starts_with("HTTP/1.1 500 "));
}

TEST(HttpServer, OnlyTheFirstAnswerCounts) {
    HttpFixture http([](HttpRequest, HttpResponder responder) {
        HttpResponder moved = std::move(responder);
        std::move(moved).respond(plain_response(201, "first"));
        std::move(moved).respond(plain_response(202, "second"));
    });
    const std::string got = http.exchange(kGetAndClose);
    EXPECT_TRUE(has(got, "first"));
    EXPECT_FALSE(has(got, "second"));
}

TEST(HttpServer, HeadHasTheLengthAndNoBody) {
    HttpFixture http(echo);
    const std::string got = http.exchange("HEAD /a HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(has(got, "Content-Length: 8\r\n"));
    EXPECT_TRUE(got.ends_with("\r\n\r\n"));
}

TEST(HttpServer, NoContentHasNoLength) {
    HttpFixture http([](HttpRequest, HttpResponder responder) { std::move(responder).respond({204, {}, {}}); });
    const std::string got = http.exchange(kGetAndClose);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 204 No Content\r\n"));
    EXPECT_FALSE(has(got, "Content-Length"));
}

TEST(HttpServer, NeverSendsAHeaderThatSomebodyElseWrote) {
    HttpFixture http([](HttpRequest, HttpResponder responder) {
        std::move(responder).respond({200, {{"Location", "/a\r\nSet-Cookie: x=y"}}, {}});
    });
    const std::string got = http.exchange(kGetAndClose);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 500 "));
    EXPECT_FALSE(has(got, "Set-Cookie"));
}

TEST(HttpServer, SendsLargeBodiesOfEveryKind) {
    static const std::string kStatic(3 << 20, 's');
    const auto shared = std::make_shared<const std::string>(3 << 20, 'h');
    HttpFixture http([&](HttpRequest request, HttpResponder responder) {
        HttpBody body = request.path == "/static"   ? HttpBody::from_static(kStatic)
                        : request.path == "/shared" ? HttpBody(shared)
                                                    : HttpBody(std::string(9 << 20, 'o'));
        std::move(responder).respond({200, {}, std::move(body)});
    });
    BlockingClient client(http.at());
    for (const auto& [path, size, letter] :
         {std::tuple{"/static", 3U << 20, 's'}, {"/shared", 3U << 20, 'h'}, {"/owned", 9U << 20, 'o'}}) {
        client.send(get(path));
        const std::string got = client.read_response();
        const std::string body = got.substr(got.find("\r\n\r\n") + 4);
        EXPECT_EQ(body.size(), size);
        EXPECT_EQ(body.find_first_not_of(letter), std::string::npos);
    }
}

TEST(HttpServer, AsksForTheBodyWhenTheClientWaitsForThat) {
    HttpFixture http(echo);
    BlockingClient client(http.at());
    client.send("POST /x HTTP/1.1\r\nHost: pbx\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    EXPECT_TRUE(client.read_response().ends_with("POST /x hi"));
}

TEST(HttpServer, RefusesABodyThatIsTooLargeWithoutWaitingForIt) {
    HttpFixture http(echo, {.body = 10});
    const std::string got =
        http.exchange("POST /x HTTP/1.1\r\nHost: pbx\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    EXPECT_TRUE(got.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
    EXPECT_TRUE(has(got, "Connection: close\r\n"));
}

TEST(HttpServer, TheRefusalArrivesAlthoughTheClientGoesOnSending) {
    HttpFixture http(echo, {.body = 10});
    BlockingClient client(http.at());
    client.send("POST /x HTTP/1.1\r\nHost: pbx\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, NothingBehindAMalformedRequestIsRead) {
    std::atomic<int> handled{0};
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        ++handled;
        std::move(responder).respond(plain_response(200, "x"));
    });
    const std::string got = http.exchange(
        "POST / HTTP/1.1\r\nHost: pbx\r\nTransfer-Encoding: gzip\r\nContent-Length: 30\r\n\r\nGET /smuggled "
        "HTTP/1.1\r\nHost: pbx\r\n\r\n");
    EXPECT_TRUE(got.starts_with("HTTP/1.1 400 "));
    EXPECT_EQ(handled, 0);
}

TEST(HttpServer, AHeaderThatDoesNotArriveInTimeIs408) {
    HttpFixture http(echo, {.header_timeout = 50ms});
    EXPECT_TRUE(http.exchange("GET / HTTP/1.1\r\nHos").starts_with("HTTP/1.1 408 "));
}

TEST(HttpServer, ABodyThatDoesNotArriveInTimeIs408) {
    HttpFixture http(echo, {.body_timeout = 50ms});
    EXPECT_TRUE(http.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx").starts_with("HTTP/1.1 408 "));
}

TEST(HttpServer, IdleConnectionsAreClosedWithoutAWord) {
    HttpFixture http(echo, {.header_timeout = 50ms, .idle_timeout = 50ms});
    EXPECT_EQ(http.exchange(""), "");
    BlockingClient client(http.at());
    client.send(kGet);
    client.read_response();
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServer, AClientThatClosedItsHalfStillGetsItsAnswer) {
    WaitQueue<std::shared_ptr<HttpResponder>> waiting;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        waiting.push(std::make_shared<HttpResponder>(std::move(responder)));
    });
    BlockingClient client(http.at());
    client.send(kGet);
    client.finish_sending();
    auto responder = waiting.pop();
    ASSERT_TRUE(responder);
    std::move(**responder).respond(plain_response(200, "late"));
    EXPECT_TRUE(client.read_to_end().ends_with("late"));
}

TEST(HttpServer, AnAnswerToAClientThatIsGoneIsHarmless) {
    WaitQueue<std::shared_ptr<HttpResponder>> waiting;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        waiting.push(std::make_shared<HttpResponder>(std::move(responder)));
    });
    auto client = std::make_unique<BlockingClient>(http.at());
    client->send(kGet);
    auto responder = waiting.pop();
    ASSERT_TRUE(responder);
    client->reset();
    while ((*responder)->client_connected()) std::this_thread::yield();
    std::move(**responder).respond(plain_response(200, "nobody"));
    BlockingClient next(http.at());
    next.send(kGet);
    EXPECT_TRUE(waiting.pop());
}

TEST(HttpStream, StreamsFromAnotherThreadAndEnds) {
    WaitQueue<HttpStream> streams;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        streams.push(std::move(responder).stream({200, {{"Content-Type", "text/event-stream"}}, {}}));
    });
    BlockingClient client(http.at());
    client.send(kGet);
    auto stream = streams.pop();
    ASSERT_TRUE(stream);
    EXPECT_TRUE(has(client.read_until("\r\n\r\n"), "Transfer-Encoding: chunked\r\n"));
    EXPECT_TRUE(stream->write("data: 1\n\n"));
    EXPECT_EQ(client.read_exactly(14), "9\r\ndata: 1\n\n\r\n");
    stream->end();
    EXPECT_EQ(client.read_exactly(5), "0\r\n\r\n");
}

TEST(HttpStream, TheNextRequestFollowsAStreamThatEnded) {
    HttpFixture http([](HttpRequest request, HttpResponder responder) {
        HttpStream stream = std::move(responder).stream({200, {}, "first "});
        EXPECT_TRUE(stream.write(request.path));
        stream.end();
        EXPECT_FALSE(stream.write("late"));
    });
    BlockingClient client(http.at());
    client.send(get("/1") + get("/2"));
    EXPECT_TRUE(client.read_until("0\r\n\r\n").ends_with("\r\n\r\n6\r\nfirst \r\n2\r\n/1\r\n0\r\n\r\n"));
    EXPECT_TRUE(client.read_until("0\r\n\r\n").ends_with("\r\n2\r\n/2\r\n0\r\n\r\n"));
}

TEST(HttpStream, Http10ReadsToTheEndOfTheConnection) {
    HttpFixture http([](HttpRequest, HttpResponder responder) {
        HttpStream stream = std::move(responder).stream({200, {}, "a"});
        stream.write("b");
        stream.end();
    });
    EXPECT_TRUE(http.exchange("GET / HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nab"));
}

TEST(HttpStream, HearsThatItsReaderHasGone) {
    WaitQueue<int> closed;
    WaitQueue<HttpStream> streams;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        HttpStream stream = std::move(responder).stream({200, {}, "x"});
        stream.on_closed([&] { closed.push(1); });
        streams.push(stream);
    });
    BlockingClient client(http.at());
    client.send(kGet);
    client.read_until("x");
    client.close();
    EXPECT_TRUE(closed.pop());
    auto stream = streams.pop();
    ASSERT_TRUE(stream);
    EXPECT_FALSE(stream->write("nobody"));
    EXPECT_FALSE(stream->open());
}

TEST(HttpStream, AReaderThatDoesNotReadIsCutOffAtTheBound) {
    WaitQueue<HttpStream> streams;
    HttpFixture http(
        [&](HttpRequest, HttpResponder responder) { streams.push(std::move(responder).stream({200, {}, {}})); },
        {.stream_queue = 256 * 1024});
    BlockingClient client(http.at());
    client.send(kGet);
    auto stream = streams.pop();
    ASSERT_TRUE(stream);
    WaitQueue<int> closed;
    stream->on_closed([&] { closed.push(1); });
    constexpr std::size_t kChunk = 16 * 1024;
    std::size_t written = 0;
    while (stream->write(std::string(kChunk, 'x'))) written += kChunk;
    EXPECT_GE(written, 256U * 1024 - kChunk);  // what frames the chunks counts, too
    EXPECT_LT(written, 64U << 20);
    EXPECT_TRUE(closed.pop());
}

TEST(HttpServer, DrainsByFinishingWhatRunsAndClosingWhatIdles) {
    WaitQueue<std::shared_ptr<HttpResponder>> waiting;
    HttpFixture http([&](HttpRequest, HttpResponder responder) {
        waiting.push(std::make_shared<HttpResponder>(std::move(responder)));
    });
    BlockingClient busy(http.at()), idle(http.at());
    idle.send(kGet);
    std::move(**waiting.pop()).respond(plain_response(200, "x"));
    idle.read_response();
    busy.send(kGet);
    auto responder = waiting.pop();
    ASSERT_TRUE(responder);
    EXPECT_EQ(http.server().active(), 1U);
    http.thread().run_and_wait([&] { http.server().drain(); });
    EXPECT_EQ(idle.read_to_end(), "");
    std::move(**responder).respond(plain_response(200, "done"));
    EXPECT_TRUE(has(busy.read_to_end(), "Connection: close\r\n"));
    EXPECT_EQ(http.server().active(), 0U);
    EXPECT_FALSE(BlockingClient(http.at()).connected());
}

TEST(HttpServer, OneSourceHasAShareOfTheConnectionsOnly) {
    LoopThread thread("http");
    std::unique_ptr<HttpServer> server;
    Endpoint at;
    thread.run_and_wait([&] {
        server = std::make_unique<HttpServer>(thread.loop(), HttpLimits{}, echo);
        at = *server->listen({.local = *Endpoint::parse("127.0.0.1:0"), .max_per_source = 2});
    });
    {
        BlockingClient one(at), two(at), three(at);
        EXPECT_EQ(three.read_to_end(), "");
        one.send(kGet);
        EXPECT_TRUE(one.read_response().starts_with("HTTP/1.1 200"));
        two.send(kGet);
        EXPECT_TRUE(two.read_response().starts_with("HTTP/1.1 200"));
        thread.run_and_wait([&] { EXPECT_EQ(server->counters().refused_source, 1U); });
    }
    thread.run_and_wait([&] { server.reset(); });
}

}  // namespace
}  // namespace dp::net
