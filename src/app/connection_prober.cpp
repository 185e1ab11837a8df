#include "app/connection_prober.hpp"

#include "net/stream_connection.hpp"

namespace dp::app {
namespace {

using signaling::ConnectionProbe;

/// One probe: a plain connection first, then, for TLS, a second one with its handshake. Lives with its connections.
class Probe : public std::enable_shared_from_this<Probe> {
public:
    Probe(net::EventLoop& io, Executor& control, net::TlsContext tls, sip::Target target, signaling::ProbeReply done)
        : io_(io), control_(control), tls_(std::move(tls)), target_(std::move(target)), done_(std::move(done)) {}

    void connect(net::TlsContext tls);
    void opened(bool with_tls);
    void failed(net::CloseReason reason);

private:
    void finish();

    net::EventLoop& io_;
    Executor& control_;
    net::TlsContext tls_;
    sip::Target target_;
    signaling::ProbeReply done_;
    ConnectionProbe result_;
    TimePoint began_{};
};

class ProbeHandler final : public net::StreamHandler {
public:
    ProbeHandler(std::shared_ptr<Probe> probe, bool with_tls) : probe_(std::move(probe)), with_tls_(with_tls) {}

    void on_open(net::StreamConnection& connection) override {
        auto probe = std::exchange(probe_, nullptr);
        connection.close_after_flush();
        probe->opened(with_tls_);
    }
    void on_bytes(net::StreamConnection&, std::string_view) override {}
    void on_closed(net::StreamConnection&, net::CloseReason reason) override {
        if (auto probe = std::exchange(probe_, nullptr)) probe->failed(reason);
    }

private:
    std::shared_ptr<Probe> probe_;
    bool with_tls_;
};

void Probe::connect(net::TlsContext tls) {
    began_ = io_.now();
    net::ConnectOptions options;
    options.to = target_.remote;
    options.server_name = target_.server_name;
    const bool with_tls = static_cast<bool>(tls);
    options.tls = std::move(tls);
    (void)net::connect_stream(io_, std::move(options), std::make_unique<ProbeHandler>(shared_from_this(), with_tls));
}

void Probe::opened(bool with_tls) {
    const Duration took = SystemClock().now() - began_;
    if (with_tls) {
        result_.secured = true;
        result_.handshake_time = std::max(took - result_.connect_time, Duration{});
        return finish();
    }
    result_.connected = true;
    result_.connect_time = took;
    if (!sip::is_secure(target_.transport)) return finish();
    if (tls_) return connect(tls_);
    result_.failure = "This server has no TLS for outgoing connections.";
    finish();
}

void Probe::failed(net::CloseReason reason) {
    result_.failure = "The connection failed: " + std::string(net::label(reason)) + ".";
    finish();
}

void Probe::finish() {
    (void)control_.post([self = shared_from_this()] { self->done_(self->result_); });
}

}  // namespace

void StreamProber::probe(const sip::Target& target, signaling::ProbeReply done) {
    auto probe = std::make_shared<Probe>(io_, control_, tls_, target, std::move(done));
    if (io_.post([probe] { probe->connect({}); })) return;
    (void)control_.post([probe] { probe->failed(net::CloseReason::Shutdown); });
}

}  // namespace dp::app
