#pragma once
/// @file Every bound that the SIP reader enforces. Each is tested at n and n + 1. RFC 4475 3.1.1.2 (longreq) alone
/// needs 34 Via values, a branch of 215 octets and a tag of several hundred, so the bounds are generous; they exist to
/// make work finite.

#include <cstddef>

namespace dp::sip::limits {

inline constexpr std::size_t kDatagram = 65'507;          ///< largest UDP payload over IPv4
inline constexpr std::size_t kStreamMessage = 64 * 1024;  ///< TCP, TLS, WebSocket; 513 beyond
inline constexpr std::size_t kHeaderSection = 32 * 1024;  ///< start line to the empty line
inline constexpr std::size_t kHeaderLines = 128;
inline constexpr std::size_t kHeaderLine = 8 * 1024;  ///< folded lines count together
inline constexpr std::size_t kViaValues = 70;
inline constexpr std::size_t kUri = 1'024;
inline constexpr std::size_t kIdentifier = 512;  ///< Call-ID, tag, branch: each
inline constexpr std::size_t kParameters = 32;   ///< of one URI, or of one header value
inline constexpr std::size_t kContacts = 10;     ///< in one REGISTER
inline constexpr std::size_t kBodyParts = 8;
inline constexpr std::size_t kBodyDepth = 2;

}  // namespace dp::sip::limits
