#pragma once
/// @file IceProber: are STUN and TURN servers reachable from here? Every target gets a socket of its own, so that a
/// refused port is told from a silent one.
///
/// Threads: owner loop only. Bounds: kMaxTargets a run, kMaxRuns at once, Options::timeout for each target. A name is
/// resolved once; the address is checked before anything is sent, so that the caller cannot make this server knock at
/// hosts it may not reach (Options::addresses). Lifetime: outlives its runs or drops their callbacks.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "ice/server_probe.hpp"
#include "net/http_client.hpp"

namespace dp::net {

class EventLoop;
class Resolver;

/// UDP and TCP carry the probe; over TLS the handshake is left to the client and a connection is all that is tried.
enum class ProbeTransport : std::uint8_t { Udp, Tcp, Tls };

struct ProbeTarget {
    std::string host;
    std::uint16_t port = 3478;
    ProbeTransport transport = ProbeTransport::Udp;
    ice::ProbeKind kind = ice::ProbeKind::Binding;
    bool operator==(const ProbeTarget&) const = default;
};

enum class ProbeVerdict : std::uint8_t {
    Answers,      ///< as a server of its kind does
    Unexpected,   ///< something answers, but not so
    Refused,      ///< ICMP port unreachable, or a TCP reset: the way is open and nobody listens
    Silent,       ///< no answer in time: blocked on the way, or dropped there
    Unreachable,  ///< no route, host or network unreachable
    Unresolved,   ///< the name has no address
    NotAllowed,   ///< a private address, and probing those is not configured
};

struct ProbeResult {
    ProbeVerdict verdict = ProbeVerdict::Silent;
    std::optional<Endpoint> address;  ///< what the name resolved to
    std::chrono::microseconds round_trip{0};
    ice::ProbeAnswer answer;  ///< when something answered
};

class IceProber {
public:
    static constexpr std::size_t kMaxTargets = 48;
    static constexpr std::size_t kMaxRuns = 4;

    struct Options {
        TargetAddresses addresses = TargetAddresses::PublicOnly;
        std::chrono::milliseconds timeout{2'500};
    };
    IceProber(EventLoop& loop, Resolver& resolver, Random& random, Options options);
    ~IceProber();
    IceProber(const IceProber&) = delete;
    IceProber& operator=(const IceProber&) = delete;

    /// One result for each target, in order. Unavailable when kMaxRuns are running, TooLarge beyond kMaxTargets.
    using Done = std::move_only_function<void(std::vector<ProbeResult>)>;
    Result<void> probe(std::vector<ProbeTarget> targets, Done done);

private:
    struct Run;
    struct Attempt;
    void resolve(const std::shared_ptr<Run>& run);
    void start(const std::shared_ptr<Run>& run, const std::string& host, Result<std::vector<IpAddress>> addresses);
    void settle(const std::shared_ptr<Run>& run, std::size_t target, ProbeResult result);

    EventLoop& loop_;
    Resolver& resolver_;
    Random& random_;
    Options options_;
    std::vector<std::shared_ptr<Run>> runs_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace dp::net
