#pragma once
/// @file The transport part of offer/answer: which protection an m-line means, SDES keys, DTLS role, ICE, addresses.
/// Used by offer_answer only.
///
/// Threads: pure functions. Source: RFC 4568 5.1, RFC 5763 5, RFC 8839 4, RFC 5761 5.1, RFC 3264 6.

#include "sdp/offer_answer.hpp"

namespace dp::sdp {

/// The protection an offered section asks for, if the rules of this leg take it.
Result<Security> security_of_offer(const MediaSection& offered, const Capabilities& capabilities,
                                   const LocalMedia& local);

/// First suite of our order that a usable line of the peer has.
const CryptoAttribute* choose_crypto(const MediaSection& remote, const std::vector<SrtpSuite>& suites);
/// One line per suite, tags from 1.
std::vector<CryptoAttribute> offer_crypto(const Capabilities& capabilities, const LocalMedia& local);
/// The peer's answer line against the lines we offered.
Result<SrtpPair> accept_crypto(const MediaSection& ours, const MediaSection& answered);

/// Our DTLS role for an answer; a re-negotiation keeps the role while the peer's fingerprints stay (RFC 5763 6.6).
Setup answer_setup(const MediaSection& offered, const MediaSection* previous_local,
                   const MediaSection* previous_remote);

/// sha-256 and longer; sha-1 and md5 prove nothing.
std::vector<Fingerprint> strong_fingerprints(const MediaSection& section);

/// Protocol for a first offer.
Protocol offer_protocol(const Capabilities& capabilities, const LocalMedia& local);

/// Writes our port, addresses, ICE and DTLS credentials into a section of ours. `setup` only matters for DTLS.
void put_transport(MediaSection& section, const LocalMedia& local, Security security, bool with_ice, Setup setup);

/// Fills what the peer's section says about where and how, given what both sides agreed.
void read_transport(const MediaSection& remote, bool remote_lite, bool with_ice, bool mux, NegotiatedAudio& out);

}  // namespace dp::sdp
