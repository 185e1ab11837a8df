#pragma once
/// @file The offer/answer algebra of RFC 3264 for one audio stream, as pure functions: capabilities and descriptions
/// in, a description and what was negotiated out.
///
/// Threads: values. Errors: UnsupportedMedia is the verdict "488" (nothing common, transport not allowed),
/// MalformedInput an answer that breaks the rules of the offer. Keys, ports, ICE credentials and fingerprints are
/// handed in: nothing here is random. Directions are always ours: SendOnly means that we send.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "sdp/codec.hpp"
#include "sdp/crypto_attribute.hpp"
#include "sdp/session_description.hpp"

namespace dp::sdp {

enum class Security : std::uint8_t { None, Sdes, Dtls };

/// Which protections this leg takes from an offer. What it offers itself is `Capabilities::offered_security`.
struct SecurityRules {
    bool plain = true;
    bool sdes = false;
    bool dtls = false;
    bool optional_sdes = false;  ///< RTP/AVP with a=crypto counts as SRTP
};

/// What our side of the Opus stream asks the peer for (RFC 7587 6.1); follows the codec of the far leg.
enum class OpusProfile : std::uint8_t {
    FullBand,    ///< far leg Opus, or unknown
    WideBand,    ///< far leg G.722, or wide-band recording: 16000, 28 kbit/s
    NarrowBand,  ///< far leg G.711, G.729, GSM: 8000, 20 kbit/s
};
OpusProfile opus_profile_for(Codec far_leg);

struct Capabilities {
    std::vector<Codec> codecs{};  ///< allowed, first preferred; telephone-event and CN are not listed here
    bool telephone_event = true;
    bool comfort_noise = false;
    SecurityRules accepts{};
    Security offered_security = Security::None;  ///< Sdes where plain RTP is taken too: RTP/AVP with a=crypto
    std::vector<SrtpSuite> suites = {SrtpSuite::AeadAes128Gcm, SrtpSuite::AeadAes256Gcm, SrtpSuite::AesCm256HmacSha1_80,
                                     SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32};
    std::size_t offered_suites = kSrtpSuites;  ///< the first of `suites` that an offer lists: each line has 80 octets
    bool rtcp_mux = false;                     ///< multiplex RTCP when the peer does too; always with ICE (RFC 5761)
    bool rtcp_rsize = false;                   ///< reduced-size reports, when the peer offers them (RFC 5506)
    std::chrono::milliseconds ptime{20};
    OpusProfile opus = OpusProfile::FullBand;
    Direction direction = Direction::SendRecv;  ///< what we want to do; SendOnly or Inactive holds the peer
};

/// What the media engine allotted to the leg: announced addresses, and credentials for the protections it may use.
struct LocalMedia {
    Endpoint rtp;
    std::optional<Endpoint> rtcp{};      ///< when it is not RTP + 1
    std::optional<IceAttributes> ice{};  ///< lite: ufrag, pwd, host candidates
    std::vector<Fingerprint> fingerprints{};
    SrtpKeys srtp_keys{};
};

/// Our earlier and the peer's latest description in the same dialog; both empty at first. A re-offer keeps payload
/// numbers, mids, the order of sections and o=.
struct DialogState {
    Origin origin{};  ///< of the first description; session_id and version are decimal numbers
    const SessionDescription* local = nullptr;
    const SessionDescription* remote = nullptr;
};

struct PayloadMapping {
    std::uint8_t payload_type = 0;
    Codec codec = Codec::Pcmu;
    std::uint32_t clock_rate = 8000;
    bool operator==(const PayloadMapping&) const = default;
};

/// What the peer's Opus fmtp asks of our encoder (RFC 7587 6.1).
struct OpusSendParameters {
    std::uint32_t max_playback_rate = 48000;
    std::optional<std::uint32_t> max_average_bitrate;
    bool in_band_fec = false;
    bool dtx = false;
    bool cbr = false;
    bool stereo = false;
    bool operator==(const OpusSendParameters&) const = default;
};

struct SrtpPair {
    SrtpKey local;   ///< what we protect with
    SrtpKey remote;  ///< what the peer protects with
    std::uint8_t remote_mki_size = 0;
    bool operator==(const SrtpPair&) const = default;
};

/// The agreed audio stream, complete: the media engine needs nothing else from SDP.
struct NegotiatedAudio {
    std::size_t section = 0;  ///< index of the m-line
    PayloadMapping send;      ///< our audio, numbered as the peer wants it
    std::vector<PayloadMapping>
        receive;  ///< audio codecs the peer may send, numbered as we announced; the likely one first
    std::optional<PayloadMapping> send_dtmf;
    std::optional<PayloadMapping> receive_dtmf;
    std::vector<PayloadMapping> receive_dtmf_other;  ///< further telephone-event numbers to accept (both clock rates)
    std::optional<std::uint8_t> send_comfort_noise;
    std::optional<std::uint8_t> receive_comfort_noise;
    Direction direction = Direction::SendRecv;  ///< ours
    bool held_by_peer = false;                  ///< the peer takes nothing from us now, the section stands
    std::chrono::milliseconds send_ptime{20};   ///< peer's ptime, within its maxptime
    OpusSendParameters opus;                    ///< for `send.codec == Opus`
    Security security = Security::None;
    std::optional<SrtpPair> srtp;                  ///< Security::Sdes
    std::vector<Fingerprint> remote_fingerprints;  ///< Security::Dtls
    Setup local_setup = Setup::Passive;            ///< Security::Dtls: Passive or Active
    std::optional<IceAttributes> remote_ice;       ///< ICE in use
    bool remote_ice_lite = false;
    std::optional<Endpoint> remote_rtp;  ///< absent: ICE or latching must tell (port 9, 0.0.0.0, a name)
    std::optional<Endpoint> remote_rtcp;
    bool rtcp_mux = false;
    bool rtcp_rsize = false;
    bool operator==(const NegotiatedAudio&) const = default;
};

/// First offer, or a re-offer when `state.local` is set (full set of codecs again, RFC 3261 14.2).
SessionDescription make_offer(const Capabilities& capabilities, const LocalMedia& local, const DialogState& state);

/// Whether any audio of the offer is protected as this leg takes it: make_answer()'s verdict ahead of everything else.
Result<void> check_protection(const SessionDescription& offer, const Capabilities& capabilities,
                              const LocalMedia& local);

struct Answer {
    SessionDescription description;
    NegotiatedAudio audio;
};

/// Answers with one codec (the first of ours that the offer has) and one telephone-event; every other section is
/// refused in place.
Result<Answer> make_answer(const SessionDescription& offer, const Capabilities& capabilities, const LocalMedia& local,
                           const DialogState& state);

/// What the peer made of `our_offer`.
Result<NegotiatedAudio> accept_answer(const SessionDescription& our_offer, const SessionDescription& answer,
                                      const Capabilities& capabilities, const LocalMedia& local);

/// Codecs of the offer that are allowed here, in the offer's order: what a B2BUA may offer on.
std::vector<Codec> offered_codecs(const SessionDescription& offer);

/// True when `next` moves the media address or restarts ICE relative to `previous`: re-opens source latching.
bool transport_changed(const NegotiatedAudio& previous, const NegotiatedAudio& next);

}  // namespace dp::sdp
