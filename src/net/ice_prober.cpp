#include "net/ice_prober.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/write.hpp>
#include <map>

#include "net/event_loop.hpp"
#include "net/resolver.hpp"

namespace dp::net {

namespace asio = boost::asio;

namespace {

using Code = boost::system::error_code;

template <class Protocol>
typename Protocol::endpoint to_asio(const Endpoint& to) {
    sockaddr_storage address{};
    const auto length = to.to_sockaddr(address);
    typename Protocol::endpoint out;
    std::memcpy(out.data(), &address, length);
    out.resize(length);
    return out;
}

ProbeVerdict verdict_of(const Code& error) {
    return error == asio::error::connection_refused || error == asio::error::connection_reset ||
                   error == asio::error::eof
               ? ProbeVerdict::Refused
               : ProbeVerdict::Unreachable;
}

ProbeVerdict verdict_of(ice::ProbeKind kind, const ice::ProbeAnswer& answer) {
    const bool right = kind == ice::ProbeKind::Binding ? answer.error == 0 && answer.mapped.has_value()
                                                       : answer.error == 0 || answer.challenged;
    return right ? ProbeVerdict::Answers : ProbeVerdict::Unexpected;
}

}  // namespace

struct IceProber::Run {
    std::vector<ProbeTarget> targets;
    std::vector<ProbeResult> results;
    std::vector<std::shared_ptr<Attempt>> attempts;
    std::size_t open = 0;
    Done done;
};

/// One target: its socket, its transaction and its time.
struct IceProber::Attempt : std::enable_shared_from_this<IceProber::Attempt> {
    using Settle = std::move_only_function<void(ProbeResult)>;

    Attempt(EventLoop& owner, const ProbeTarget& wanted, const Endpoint& to, const ice::TransactionId& transaction,
            Settle on_settled)
        : loop(owner),
          target(wanted),
          remote(to),
          began(owner.now()),
          udp(owner.context()),
          tcp(owner.context()),
          probe(wanted.kind,
                wanted.transport == ProbeTransport::Udp ? ice::ProbeCarrier::Datagram : ice::ProbeCarrier::Stream,
                transaction, began),
          settled(std::move(on_settled)) {}

    void begin(Duration limit_) {
        limit.set_callback([self = weak_from_this()] {
            if (auto alive = self.lock()) alive->end(ProbeVerdict::Silent);
        });
        resend.set_callback([self = weak_from_this()] {
            if (auto alive = self.lock()) alive->send_datagram();
        });
        loop.arm(limit, limit_);
        target.transport == ProbeTransport::Udp ? begin_datagrams() : begin_stream();
    }

    void begin_datagrams() {
        Code error;
        const auto to = to_asio<asio::ip::udp>(remote);
        // Connected, so that an ICMP error comes back to this socket and nobody else's datagrams do.
        udp.open(to.protocol(), error);
        if (!error) udp.connect(to, error);
        if (error) return end(verdict_of(error));
        receive_datagram();
        send_datagram();
    }

    void send_datagram() {
        const auto due = probe.poll(loop.now());
        Code error;
        if (!due.empty()) udp.send(asio::buffer(due.data(), due.size()), 0, error);
        if (error && error != asio::error::would_block) return end(verdict_of(error));
        if (probe.next_deadline() != kNever) loop.timers().arm(resend, probe.next_deadline());
    }

    void receive_datagram() {
        udp.async_receive(asio::buffer(buffer), [self = shared_from_this()](const Code& error, std::size_t size) {
            if (self->over) return;
            if (error) return self->end(verdict_of(error));
            self->take(size) ? void() : self->receive_datagram();
        });
    }

    void begin_stream() {
        tcp.async_connect(to_asio<asio::ip::tcp>(remote), [self = shared_from_this()](const Code& error) {
            if (self->over) return;
            if (error) return self->end(verdict_of(error));
            if (self->target.transport == ProbeTransport::Tls) return self->end(ProbeVerdict::Answers);
            self->write_stream();
        });
    }

    void write_stream() {
        const auto due = probe.poll(loop.now());
        asio::async_write(tcp, asio::buffer(due.data(), due.size()),
                          [self = shared_from_this()](const Code& error, std::size_t) {
                              if (!self->over && error) self->end(verdict_of(error));
                          });
        read_stream(0);
    }

    /// STUN frames itself (RFC 8489 section 6.2.2): 20 octets, and as many more as they say.
    void read_stream(std::size_t have) {
        tcp.async_read_some(asio::buffer(buffer) + have,
                            [self = shared_from_this(), have](const Code& error, std::size_t size) {
                                if (self->over) return;
                                if (error) return self->end(verdict_of(error));
                                if (self->take(have + size)) return;
                                if (have + size == self->buffer.size()) return self->end(ProbeVerdict::Unexpected);
                                self->read_stream(have + size);
                            });
    }

    bool take(std::size_t size) {
        if (!probe.receive(std::span(buffer).first(size))) return false;
        end(verdict_of(target.kind, *probe.answer()));
        return true;
    }

    void end(ProbeVerdict verdict) {
        if (std::exchange(over, true)) return;
        limit.cancel();
        resend.cancel();
        Code ignored;
        udp.close(ignored);
        tcp.close(ignored);
        ProbeResult result;
        result.verdict = verdict;
        result.address = remote;
        result.round_trip = std::chrono::ceil<std::chrono::microseconds>(loop.now() - began);
        if (probe.answer()) result.answer = *probe.answer();
        settled(std::move(result));
    }

    EventLoop& loop;
    ProbeTarget target;
    Endpoint remote;
    TimePoint began;
    asio::ip::udp::socket udp;
    asio::ip::tcp::socket tcp;
    ice::ServerProbe probe;
    Settle settled;
    Timer limit, resend;
    std::array<std::uint8_t, 1500> buffer{};
    bool over = false;
};

IceProber::IceProber(EventLoop& loop, Resolver& resolver, Random& random, Options options)
    : loop_(loop), resolver_(resolver), random_(random), options_(options) {}

IceProber::~IceProber() {
    for (const auto& run : runs_) {
        run->done = {};
        for (const auto& attempt : run->attempts)
            if (attempt) attempt->end(ProbeVerdict::Silent);
    }
}

Result<void> IceProber::probe(std::vector<ProbeTarget> targets, Done done) {
    loop_.assert_owner();
    if (targets.size() > kMaxTargets) return fail(ErrorCode::TooLarge, "Too many servers to probe at once.");
    if (runs_.size() >= kMaxRuns)
        return fail(ErrorCode::Unavailable, "Other diagnostics are running: try again in a few seconds.");
    auto run = std::make_shared<Run>();
    run->results.resize(targets.size());
    run->attempts.resize(targets.size());
    run->open = targets.size();
    run->targets = std::move(targets);
    run->done = std::move(done);
    if (run->open == 0) {
        run->done({});
        return {};
    }
    runs_.push_back(run);
    resolve(run);
    return {};
}

void IceProber::resolve(const std::shared_ptr<Run>& run) {
    std::vector<std::string> hosts;
    for (const auto& target : run->targets)
        if (std::ranges::find(hosts, target.host) == hosts.end()) hosts.push_back(target.host);
    for (const auto& host : hosts)
        resolver_.addresses(host, loop_,
                            [this, run, host, alive = std::weak_ptr(alive_)](Result<std::vector<IpAddress>> found) {
                                if (alive.lock()) start(run, host, std::move(found));
                            });
}

void IceProber::start(const std::shared_ptr<Run>& run, const std::string& host,
                      Result<std::vector<IpAddress>> addresses) {
    for (std::size_t i = 0; i < run->targets.size(); ++i) {
        const ProbeTarget& target = run->targets[i];
        if (target.host != host) continue;
        ProbeResult early;
        early.verdict = ProbeVerdict::Unresolved;
        if (!addresses || addresses->empty()) {
            settle(run, i, early);
            continue;
        }
        early.address = Endpoint{addresses->front(), target.port};
        early.verdict = ProbeVerdict::NotAllowed;
        if (options_.addresses == TargetAddresses::PublicOnly && !is_public_address(addresses->front())) {
            settle(run, i, early);
            continue;
        }
        ice::TransactionId transaction{};
        random_.fill(transaction);
        run->attempts[i] = std::make_shared<Attempt>(
            loop_, target, *early.address, transaction,
            [this, run = std::weak_ptr(run), i, alive = std::weak_ptr(alive_)](ProbeResult result) {
                const auto present = run.lock();
                if (present && alive.lock()) settle(present, i, std::move(result));
            });
        run->attempts[i]->begin(options_.timeout);
    }
}

void IceProber::settle(const std::shared_ptr<Run>& run, std::size_t target, ProbeResult result) {
    run->results[target] = std::move(result);
    if (--run->open != 0) return;
    std::erase(runs_, run);
    if (run->done) run->done(std::move(run->results));
}

}  // namespace dp::net
