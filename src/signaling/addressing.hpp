#pragma once
/// @file How people and numbers are written into SIP headers, and read out of them: names cleaned, URIs escaped,
/// privacy applied. Pure functions. Source: RFC 3261 §20.10, 3323, 3325; sip-stack 4.6 (what crosses the B2BUA).

#include <string>
#include <string_view>

#include "call/leg_signaling.hpp"
#include "sip/header_lines.hpp"
#include "sip/message.hpp"
#include "sip/transport.hpp"

namespace dp::signaling {

inline constexpr std::size_t kMaxDisplayName = 128;

/// Valid UTF-8 without control characters, at most 128 octets; what is not is left out.
std::string clean_display_name(std::string_view text);

/// `"Display" <sip:user@host>`, without the display name when it is empty.
std::string name_addr(std::string_view display, std::string_view user, std::string_view host);
std::string sip_uri(std::string_view user, std::string_view host, std::uint16_t port = 0,
                    std::string_view transport = {});
/// `host` or `host:port` → `host`, brackets kept.
std::string host_of(std::string_view host_port);

/// From of an outgoing call: RFC 3323 anonymous where the caller is withheld.
std::string from_header(const call::CallerIdentity& caller, std::string_view host);
/// P-Asserted-Identity, and Privacy where the caller is withheld (RFC 3325 §9.1, RFC 3323 §4.2).
void add_asserted_identity(sip::HeaderLines& headers, const call::CallerIdentity& caller, std::string_view host);

/// What a phone is told of a call, in an INVITE or inside a dialog: who calls, which conversation it is, and whether to
/// answer by itself.
void describe_call(sip::HeaderLines& headers, const call::OutgoingLeg& call, std::string_view domain);
/// A Reason value (RFC 3326); empty where there is nothing to say.
std::string q850_reason(int cause);
std::string reason_of(const call::Release& release);

/// Who an INVITE says is calling. The asserted identity counts only from a trusted peer (a trunk).
enum class Trust : std::uint8_t { Peer, Stranger };
call::CallerIdentity caller_of(const sip::MessageView& invite, Trust trust);

}  // namespace dp::signaling
