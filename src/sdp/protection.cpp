#include "sdp/protection.hpp"

#include <algorithm>
#include <span>

namespace dp::sdp {
namespace {

bool is_dtls(Protocol protocol) {
    return protocol == Protocol::UdpTlsRtpSavp || protocol == Protocol::UdpTlsRtpSavpf;
}
bool is_savp(Protocol protocol) {
    return protocol == Protocol::RtpSavp || protocol == Protocol::RtpSavpf;
}

std::unexpected<Error> not_acceptable(std::string detail) {
    return fail(ErrorCode::UnsupportedMedia, std::move(detail), "m");
}

Result<Security> dtls_or_refusal(const MediaSection& offered, const Capabilities& capabilities,
                                 const LocalMedia& local) {
    if (!capabilities.accepts.dtls || local.fingerprints.empty())
        return not_acceptable("DTLS-SRTP is not allowed on this leg.");
    if (strong_fingerprints(offered).empty()) return not_acceptable("The DTLS offer carries no usable fingerprint.");
    return Security::Dtls;
}

Result<Security> savp_security(const MediaSection& offered, const Capabilities& capabilities, const LocalMedia& local) {
    const bool has_key = choose_crypto(offered, capabilities.suites) != nullptr;
    if (capabilities.accepts.sdes && has_key) return Security::Sdes;
    // RTP/SAVPF with a fingerprint is how the first DTLS-SRTP stacks wrote it.
    if (!strong_fingerprints(offered).empty()) return dtls_or_refusal(offered, capabilities, local);
    if (!has_key) return not_acceptable("The SRTP offer carries no usable crypto line.");
    return not_acceptable("SRTP with SDES keys is not allowed on this leg.");
}

Result<Security> avp_security(const MediaSection& offered, const Capabilities& capabilities) {
    const bool has_key = choose_crypto(offered, capabilities.suites) != nullptr;
    if (capabilities.accepts.sdes && capabilities.accepts.optional_sdes && has_key) return Security::Sdes;
    if (capabilities.accepts.plain) return Security::None;
    return not_acceptable("Unprotected RTP is not allowed on this leg.");
}

/// The role that is in force between two descriptions of ours and the peer's.
std::optional<Setup> current_role(const MediaSection* local, const MediaSection* remote) {
    if (!local || !local->setup) return std::nullopt;
    if (*local->setup == Setup::Active || *local->setup == Setup::Passive) return local->setup;
    if (!remote || !remote->setup) return std::nullopt;
    return *remote->setup == Setup::Passive ? Setup::Active : Setup::Passive;
}

}  // namespace

std::vector<Fingerprint> strong_fingerprints(const MediaSection& section) {
    std::vector<Fingerprint> out;
    for (const Fingerprint& f : section.fingerprints)
        if ((f.algorithm == "sha-256" && f.digest.size() == 32) ||
            (f.algorithm == "sha-384" && f.digest.size() == 48) || (f.algorithm == "sha-512" && f.digest.size() == 64))
            out.push_back(f);
    return out;
}

Result<Security> security_of_offer(const MediaSection& offered, const Capabilities& capabilities,
                                   const LocalMedia& local) {
    if (offered.protocol == Protocol::Other) return not_acceptable("The offered media transport is not RTP.");
    if (is_dtls(offered.protocol)) return dtls_or_refusal(offered, capabilities, local);
    if (is_savp(offered.protocol)) return savp_security(offered, capabilities, local);
    return avp_security(offered, capabilities);
}

const CryptoAttribute* choose_crypto(const MediaSection& remote, const std::vector<SrtpSuite>& suites) {
    for (SrtpSuite suite : suites)
        for (const CryptoAttribute& line : remote.crypto)
            if (line.key && line.key->suite == suite) return &line;
    return nullptr;
}

std::vector<CryptoAttribute> offer_crypto(const Capabilities& capabilities, const LocalMedia& local) {
    std::vector<CryptoAttribute> out;
    const std::size_t count = std::min(capabilities.suites.size(), capabilities.offered_suites);
    for (SrtpSuite suite : std::span(capabilities.suites).first(count))
        out.push_back(
            {.tag = static_cast<std::uint32_t>(out.size() + 1), .key = local.srtp_keys.of(suite), .mki_size = 0});
    return out;
}

Result<SrtpPair> accept_crypto(const MediaSection& ours, const MediaSection& answered) {
    for (const CryptoAttribute& theirs : answered.crypto) {
        if (!theirs.key) continue;
        const auto mine = std::ranges::find(ours.crypto, theirs.tag, &CryptoAttribute::tag);
        // RFC 4568 5.1.3: tag and suite must be those of one offered line.
        if (mine == ours.crypto.end() || !mine->key || mine->key->suite != theirs.key->suite) continue;
        return SrtpPair{.local = *mine->key, .remote = *theirs.key, .remote_mki_size = theirs.mki_size};
    }
    return not_acceptable("The answer carries no crypto line that fits the offer.");
}

Setup answer_setup(const MediaSection& offered, const MediaSection* previous_local,
                   const MediaSection* previous_remote) {
    if (offered.setup == Setup::Active) return Setup::Passive;
    if (offered.setup == Setup::Passive) return Setup::Active;
    const bool same_peer = previous_remote && previous_remote->fingerprints == offered.fingerprints;
    if (same_peer)
        if (const auto role = current_role(previous_local, previous_remote)) return *role;
    return Setup::Passive;
}

Protocol offer_protocol(const Capabilities& capabilities, const LocalMedia& local) {
    switch (capabilities.offered_security) {
        case Security::None:
            return Protocol::RtpAvp;
        case Security::Sdes:  // what may come back plain cannot be asked for as SAVP: the peer would have to refuse it
            return capabilities.accepts.plain ? Protocol::RtpAvp : Protocol::RtpSavp;
        case Security::Dtls:
            return local.ice ? Protocol::UdpTlsRtpSavpf : Protocol::UdpTlsRtpSavp;
    }
    return Protocol::RtpAvp;
}

void put_transport(MediaSection& section, const LocalMedia& local, Security security, bool with_ice, Setup setup) {
    section.port = local.rtp.port;
    section.connection = Connection::of(local.rtp.address);
    if (with_ice) section.ice = local.ice;
    if (local.rtcp && !section.rtcp_mux) section.rtcp = RtcpAddress{local.rtcp->port, std::nullopt};
    if (security != Security::Dtls) return;
    section.fingerprints = local.fingerprints;
    section.setup = setup;
}

void read_transport(const MediaSection& remote, bool remote_lite, bool with_ice, bool mux, NegotiatedAudio& out) {
    out.rtcp_mux = mux;
    out.remote_rtp = remote.rtp_endpoint();
    out.remote_rtcp = mux ? out.remote_rtp : remote.rtcp_endpoint();
    if (with_ice) out.remote_ice = remote.ice;
    out.remote_ice_lite = with_ice && remote_lite;
    if (out.security == Security::Dtls) out.remote_fingerprints = strong_fingerprints(remote);
}

}  // namespace dp::sdp
