/// The B2BUA alone, for the signalling benchmark: the control shard with one trunk, one number and one phone, over one
/// UDP socket. Calls of the trunk go to the registered phone. Media bypasses us, or runs through the product's media
/// engine (ports 40000 to 58999). Nothing is stored: record and event sinks are empty.
///
///     sip_b2bua_bench LISTEN CALLER [anchored]      e.g. 127.0.0.1:5070 127.0.0.1   (until SIGTERM; prints totals)

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string_view>
#include <thread>

#include "media/engine.hpp"
#include "net/event_loop.hpp"
#include "net/sip_endpoint.hpp"
#include "signaling/control_shard.hpp"
#include "telephony/config/snapshot_builder.hpp"
#include "telephony/phones/phone.hpp"

namespace {

using namespace dp;

/// Media never passes here: a leg that asks for it fails.
class NoMedia final : public call::MediaEngine {
public:
    Result<sdp::LocalMedia> allocate(call::LegId, const call::MediaLegSpec&) override {
        return fail(ErrorCode::Unavailable, "This program has no media.");
    }
    Result<sdp::LocalMedia> restart_ice(call::LegId) override { return fail(ErrorCode::NotFound, "no media"); }
    void configure(call::LegId, const call::MediaPeer&) override {}
    void connect(call::LegId, call::LegId) override {}
    void disconnect(call::LegId) override {}
    void play(call::LegId, const call::Tone&) override {}
    void announce(call::LegId, std::shared_ptr<const audio::Recording>, std::uint32_t) override {}
    void stop_tone(call::LegId) override {}
    void send_digit(call::LegId, char, std::chrono::milliseconds) override {}
    void release(call::LegId) override {}
    bool can_transcode(sdp::Codec, sdp::Codec) const override { return false; }
};

class NoPrompts final : public call::PromptBook {
public:
    std::shared_ptr<const audio::Recording> of(const std::string&) override {
        return std::make_shared<audio::Recording>();
    }
};

class NoSink final : public call::ConversationSink {
public:
    void record(telephony::Ptr<telephony::Conversation> conversation, std::vector<telephony::Event>) override {
        ended += telephony::is_final(conversation->status) ? 1U : 0U;
    }
    void record(std::vector<telephony::Event>) override {}
    bool accepting() const override { return true; }
    std::size_t ended = 0;
};

class NumericHosts final : public signaling::HostResolver {
public:
    explicit NumericHosts(Executor& owner) : owner_(owner) {}
    void resolve(const std::string& host, std::uint16_t port, sip::TransportKind kind,
                 signaling::ResolveReply done) override {
        (void)owner_.post([host, port, kind, done = std::move(done)]() mutable {
            const auto address = IpAddress::parse(host);
            if (!address) return done(fail(ErrorCode::NotFound, "Only addresses here."));
            done(std::vector{sip::Target{kind, {*address, port}, {}}});
        });
    }

private:
    Executor& owner_;
};

class PlainSecrets final : public telephony::Secrets {
public:
    telephony::Sealed seal(std::string_view plain, std::string_view) const override { return {std::string(plain)}; }
    Result<std::string> open(const telephony::Sealed& sealed, std::string_view) const override { return sealed.bytes; }
    std::string derive(std::string_view) const override { return std::string(32, 'k'); }
};

class Receiver final : public net::SipReceiver {
public:
    void receive(std::span<char> message, const sip::Flow& flow) override { shard->receive(message, flow); }
    void flow_closed(const sip::Flow& flow) override { shard->flow_closed(flow); }
    void datagram_refused(const Endpoint& remote, std::string_view quoted) override {
        shard->datagram_refused(remote, quoted);
    }
    signaling::ControlShard* shard = nullptr;
};

std::unique_ptr<media::Engine> media_engine(Executor& control, Random& random) {
    rlimit files{};  // four sockets a call, and as many again that drain
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    media::MediaConfig config;
    config.first_port = 40000;
    config.last_port = 58999;
    auto engine = media::Engine::create(config, control, random);
    if (engine) return std::move(*engine);
    std::fprintf(stderr, "%s\n", engine.error().detail.c_str());
    return nullptr;
}

void configure(telephony::SnapshotHub& hub, const telephony::Secrets& secrets, const std::string& caller,
               telephony::MediaPolicy media) {
    using namespace telephony;
    SnapshotBuilder builder(hub.current());
    const OrganizationId organization("bench");
    const auto put = [&](auto entity) {
        entity.meta.organization = organization;
        entity.meta.version = 1;
        builder.put(std::make_shared<const decltype(entity)>(std::move(entity)));
    };
    Organization org;
    org.id = organization;
    org.sip_domain = "dialplane.test";
    put(org);
    User user;
    user.id = UserId("callee");
    user.name = "Callee";
    put(user);
    Phone phone;
    phone.id = PhoneId("phone");
    phone.station = StationId("station");
    phone.user = user.id;
    phone.sip = make_sip_account(secrets, "callee", org.sip_domain, "secret");
    put(phone);
    Trunk trunk;
    trunk.id = TrunkId("caller");
    trunk.name = "caller";
    trunk.registration.type = RegistrationType::None;
    trunk.registration.host = caller;
    trunk.health_probe.enabled = false;
    trunk.max_concurrent_sessions = 1'000'000;
    trunk.media = media;
    put(trunk);
    Number number;
    number.id = NumberId("number");
    number.e164 = "+15551230000";
    number.state = NumberState::Active;
    number.routing = NumberRouting{RoutingKind::User, "callee", {}, "direct", {}};
    put(number);
    hub.publish(builder.finish());
}

}  // namespace

int main(int argc, char** argv) {
    const bool anchored = argc == 4 && std::string_view(argv[3]) == "anchored";
    if (argc != (anchored ? 4 : 3) || !Endpoint::parse(argv[1])) {
        std::fprintf(stderr, "usage: sip_b2bua_bench LISTEN CALLER-ADDRESS [anchored]\n");
        return 2;
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    net::EventLoop loop("control");
    SystemClock clock;
    SecureRandom random;
    telephony::SnapshotHub hub;
    PlainSecrets secrets;
    configure(hub, secrets, argv[2], anchored ? telephony::MediaPolicy::Anchor : telephony::MediaPolicy::Bypass);
    Receiver receiver;
    net::SipEndpoint endpoint(loop, receiver, std::nullopt);
    net::UdpOptions udp;
    udp.local = *Endpoint::parse(argv[1]);
    if (const auto bound = endpoint.bind_udp(udp); !bound) {
        std::fprintf(stderr, "%s\n", bound.error().detail.c_str());
        return 1;
    }
    NoMedia no_media;
    const auto engine = anchored ? media_engine(loop, random) : nullptr;
    if (anchored && !engine) return 1;
    call::MediaEngine& media = engine ? static_cast<call::MediaEngine&>(*engine) : no_media;
    NoPrompts prompts;
    NoSink sink;
    NumericHosts resolver(loop);
    telephony::LiveStations stations;
    telephony::LiveTrunks trunks;
    signaling::ControlConfig config;
    config.calls.calls = 200'000;
    signaling::ControlShard shard(config, {loop, loop.timers(), clock, random, endpoint, resolver, media, prompts, sink,
                                           hub, secrets, stations, trunks});
    receiver.shard = &shard;
    if (engine) engine->set_events(&shard.media_events());
    shard.start();
    std::thread waiter([&] {
        int signal = 0;
        sigwait(&signals, &signal);
        loop.stop();
    });
    loop.run();
    waiter.join();
    if (engine) engine->stop();
    const auto stats = shard.signaling_stats();
    std::printf("calls %zu received %llu sent %llu retransmitted %llu sessions %zu\n", sink.ended,
                static_cast<unsigned long long>(stats.received), static_cast<unsigned long long>(stats.sent),
                static_cast<unsigned long long>(stats.retransmitted), stats.sessions);
    return 0;
}
