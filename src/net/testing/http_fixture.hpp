#pragma once
/// @file An HttpServer on a loop of its own, for tests. Test code only.

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "net/event_loop.hpp"
#include "net/http_server.hpp"
#include "net/testing/blocking_client.hpp"

namespace dp::net::testing {

class HttpFixture {
public:
    explicit HttpFixture(HttpHandler handler, HttpLimits limits = {}, TlsContext tls = {}, StreamLimits stream = {}) {
        thread_.run_and_wait([&] {
            server_ = std::make_unique<HttpServer>(thread_.loop(), limits, std::move(handler));
            auto bound =
                server_->listen({.local = *Endpoint::parse("127.0.0.1:0"), .tls = std::move(tls), .limits = stream});
            ASSERT_TRUE(bound) << bound.error().detail;
            at_ = *bound;
        });
    }
    ~HttpFixture() {
        thread_.run_and_wait([this] { server_.reset(); });
    }
    const Endpoint& at() const { return at_; }
    HttpServer& server() { return *server_; }
    LoopThread& thread() { return thread_; }
    EventLoop& loop() { return thread_.loop(); }

    /// Sends `request` on a connection of its own and returns all that comes until the server closes.
    std::string exchange(std::string_view request) {
        BlockingClient client(at_);
        client.send(request);
        return client.read_to_end();
    }

private:
    LoopThread thread_{"http"};
    std::unique_ptr<HttpServer> server_;
    Endpoint at_;
};

}  // namespace dp::net::testing
