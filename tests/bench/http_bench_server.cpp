/// @file The HTTP server alone, answering every request with the same small body at once: what
/// tests/bench/http_bench.py loads. Prints `port N` and serves until SIGTERM.

#include <csignal>
#include <cstdio>

#include "net/event_loop.hpp"
#include "net/http_server.hpp"

int main() {
    using namespace dp;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    static const std::string body(391, 'x');
    net::LoopThread thread("http");
    std::unique_ptr<net::HttpServer> server;
    thread.run_and_wait([&] {
        server = std::make_unique<net::HttpServer>(
            thread.loop(), net::HttpLimits{}, [](net::HttpRequest, net::HttpResponder responder) {
                std::move(responder).respond(
                    {200, {{"Content-Type", "application/json"}}, net::HttpBody::from_static(body)});
            });
        if (const auto bound = server->listen({.local = *Endpoint::parse("127.0.0.1:0")}))
            std::printf("port %u\n", unsigned{bound->port});
        std::fflush(stdout);
    });
    int received = 0;
    sigwait(&signals, &received);
    thread.run_and_wait([&] { server.reset(); });
}
