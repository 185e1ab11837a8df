#pragma once
/// @file TrunkCheck: one operator's test of a trunk: name, connection, TLS, OPTIONS, REGISTER and codecs, each asked of
/// the carrier itself, one after the other. A step whose ground is missing is skipped and says so.
///
///     step        exchange                                           passed
///     dns         the resolver's look-up of the registration host    an address
///     connect     a TCP connection of its own (TCP, TLS)             connected
///     tls         a handshake of its own (TLS)                       the certificate is accepted
///     options     OPTIONS with the probe's identity                  an answer that means "alive" (sip::is_alive)
///     register    REGISTER without Contact: it asks for the          2xx
///                 bindings and changes none (RFC 3261 10.2.3)
///     codecOffer  the description in the OPTIONS answer (RFC 3261    one codec of the trunk is in it
///                 11.2) against the trunk's codecs
///
/// The live registration is another Call-ID and stays as it is. Bounded: every step has its own limit.
///
/// Threads: control shard. Lifetime: ports outlive it; destroying it forgets what is under way.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "signaling/connection_prober.hpp"
#include "signaling/trunk_line.hpp"
#include "telephony/trunks/trunk_check.hpp"

namespace dp::signaling {

class TrunkCheck {
public:
    using Done = std::move_only_function<void(telephony::TrunkCheckReport)>;

    /// `codecs`: what the trunk offers. `done` runs once, from the loop; it may destroy the check.
    TrunkCheck(const TrunkPorts& ports, ConnectionProber* prober, telephony::Ptr<telephony::Trunk> trunk,
               telephony::CodecList codecs, std::string domain, Done done);
    ~TrunkCheck();
    TrunkCheck(const TrunkCheck&) = delete;
    TrunkCheck& operator=(const TrunkCheck&) = delete;

    void start();
    bool finished() const { return !done_; }

private:
    using Step = telephony::CheckStep;
    using Verdict = telephony::CheckVerdict;

    void look_up();
    void resolved(Result<std::vector<sip::Target>> targets);
    void connect();
    void connected(const ConnectionProbe& probe);
    void ask_options();
    void options_answered(const sip::RequestOutcome& outcome);
    void note_codecs(const sip::MessageView& answer);
    void ask_register(std::optional<sip::AuthorizationLine> credentials);
    void register_answered(const sip::RequestOutcome& outcome);
    void finish();

    sip::ClientRequest request(sip::Method method) const;
    void begin();
    void note(Step step, Verdict verdict, std::string detail, int status = 0);
    void skip(Step step, std::string why);

    const TrunkPorts& ports_;
    ConnectionProber* prober_;
    telephony::Ptr<telephony::Trunk> trunk_;
    telephony::CodecList codecs_;
    std::string domain_;
    Done done_;
    telephony::TrunkGateway peer_;
    telephony::TrunkCheckReport report_;
    std::optional<sip::Target> target_;
    std::optional<telephony::CheckResult> codec_result_;
    std::unique_ptr<sip::DigestClient> digest_;
    sip::DigestAttempts attempts_;
    std::string call_id_, from_tag_;
    std::uint32_t cseq_ = 0;
    TimePoint began_{}, step_began_{};
    sip::ClientRequestId pending_;
    std::shared_ptr<TrunkCheck*> self_;  ///< cleared on destruction: late answers find nobody
};

}  // namespace dp::signaling
